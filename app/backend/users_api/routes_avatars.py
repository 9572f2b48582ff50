"""/api/users/{id}/avatar: a PNG as the body, no form."""

import hashlib

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from . import avatars, png, users
from .access import FromPool, Own, SignedIn, UserId
from .errors import Problem

router = APIRouter(prefix="/users/{user_id}/avatar")
MAX_BYTES = 256 * 1024


async def picture(request: Request) -> bytes:
    """The body, refused as soon as it is too long."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_BYTES:
            raise Problem(413, "too_large", f"L'image dépasse {MAX_BYTES // 1024} Kio.")
    return bytes(data)


@router.put("", status_code=204)
def put(request: Request, pool: FromPool, user_id: Own, data: bytes = Depends(picture)) -> None:
    reason = png.problem(data)
    if reason is not None:
        raise Problem(422, "not_a_png", f"Avatar refusé : {reason}.")
    folder, name = request.app.state.settings.avatars, avatars.new_name(user_id)
    avatars.write(folder, name, data)
    values = {"file": name, "sha256": hashlib.sha256(data).digest(), "bytes": len(data)}
    try:
        with pool.connection() as db:
            before = users.set_avatar(db, user_id, values)
    except Exception:
        avatars.remove(folder, name)
        raise
    avatars.remove(folder, before)


@router.get("")
def get(request: Request, pool: FromPool, _: SignedIn, user_id: UserId) -> FileResponse:
    with pool.connection() as db:
        name = users.avatar(db, user_id)
    if name is None:
        raise Problem(404, "no_avatar", "Cette personne n'a pas d'avatar.")
    path = request.app.state.settings.avatars / name
    if not path.is_file():
        # Said aloud: after a restore this is the one line that tells that the volume came back empty.
        raise Problem(500, "avatar_lost", "L'avatar est enregistré, mais son fichier manque sur le volume.")
    # A new picture has a new name, so a name may be kept for good; private, since it took a token to see it.
    return FileResponse(path, media_type="image/png", headers={"Cache-Control": "private, no-cache"})


@router.delete("", status_code=204)
def remove(request: Request, pool: FromPool, user_id: Own) -> None:
    with pool.connection() as db:
        before = users.set_avatar(db, user_id, None)
    avatars.remove(request.app.state.settings.avatars, before)
