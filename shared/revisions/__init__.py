"""What each revision did to the kernel's tables: written once, called by the services' own revisions, never changed."""
