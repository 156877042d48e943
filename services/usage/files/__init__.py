"""From files to rows: each as the JSON text of a CloudEvent, with the line it began on. Nothing is held but one row."""
