"""The tower over HTTP: the same parts that a service's API is made of."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from shared.http.access import reads, writes
from shared.http.app import new_app
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed
from shared.settings import Settings
from shared.unit_of_work import UnitOfWork
from tests.support.tower.bell import BELL, Ring
from tests.support.tower.house import Tower
from tests.support.tower.store import bells

ReadBells = Annotated[UnitOfWork, reads("tower:read")]
RingBells = Annotated[UnitOfWork, writes("tower:ring")]
BellId = Annotated[UUID, prefixed("bel")]
SCOPES = ["tower:read", "tower:ring", "operations:clock", "operations:parked"]

router = APIRouter(prefix="/v1/bells", route_class=TransactionalRoute)


class RingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    times: int = 1
    note: str = ""


class BellOut(BaseModel):
    bell_id: BellId
    times: int
    version: int


@router.post("/{bell_id}/ring", status_code=201)
def ring(bell_id: BellId, body: RingIn, unit: RingBells) -> BellOut:
    unit.execute(BELL, bell_id, Ring(times=body.times))
    return _shown(bell_id, unit)


@router.get("/{bell_id}")
def show(bell_id: BellId, unit: ReadBells) -> BellOut:
    return _shown(bell_id, unit)


@router.get("")
def list_bells(unit: ReadBells, page: PageQuery) -> Listed[BellOut]:
    mine = select(bells).where(bells.c.tenant_id == unit.tenant_id)
    return page_of(unit, mine, bells.c.bell_id, page, lambda row: BellOut(**{k: row[k] for k in BellOut.model_fields}))


def _shown(bell_id: UUID, unit: UnitOfWork) -> BellOut:
    return BellOut(bell_id=bell_id, times=unit.state(BELL, bell_id).times, version=unit.version(BELL, bell_id))


def create_app(tower: Tower, auth: dict[str, str], **stated: Any) -> FastAPI:
    """`auth` as the development issuer names its settings; `stated` are more of them."""
    of_issuer = {"auth_issuer": auth["AUTH_ISSUER"], "auth_jwks_url": auth["AUTH_JWKS_URL"]}
    settings: Settings = tower.settings("api").model_copy(update=of_issuer | stated)
    app = new_app("tower", settings, tower.api, tower.store)
    app.include_router(router)
    return app
