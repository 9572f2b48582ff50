"""What the seed holds: the same bytes on every computer and in every year. No clock, no random numbers, no zlib."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from . import png

VERSION = 1

# Every seeded person has this password. One scrypt hash, computed once and written down: 10,000 of them
# would take minutes natively and the better part of an hour under emulation. Lab data, known to everybody.
PASSWORD = "mot-de-passe-de-demo"
PASSWORD_HASH = "scrypt$16384$8$1$bXVzdGVyLXNlZWQtc2FsdA==$5Wp9UerGIYda80JZhXjI4S7GOnoP3HJGVj0Gl5t3Dc4="

START = datetime(2024, 1, 1, 8, 0, tzinfo=UTC)

FIRST = (
    "Adèle Agathe Alice Amina Anaïs Antoine Arthur Aya Baptiste Camille Chloé Clément Côme Élodie Émile Esteban Fatou "
    "Félix Gaël Hélène Hugo Inès Jeanne Joël Jules Karim Léa Léo Loïc Louise Lucie Maël Manon Mehdi Noé Océane Paul "
    "Raphaël Rémi Sacha Sofia Thaïs Théo Yasmine Zoé"
).split()
LAST = (
    "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Garcia David "
    "Bertrand Roux Vincent Fournier Morel Girard André Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier "
    "Faure Rousseau Blanc Guérin Müller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier Dumont López "
    "Fontaine"
).split()
# Names that break careless programs; a backup that mangles one of them is not a backup.
HOSTILE = (
    "<script>alert(1)</script>",
    "Robert'); DROP TABLE users;--",
    'Zoë O’Neil & "Fils"',
    "مريم بن علي",
    "山田 太郎",
    "Tab\\tet \\N antislash",
    "👩‍🚀 Ada",
    "Ñandú e\u0301tendu",
    "%_%",
    "NULL",
)
ASCII = str.maketrans("àâäçéèêëîïôöùûüñóúáíÀÉÈ", "aaaceeeeiioouuunouaiAEE")


@dataclass(frozen=True)
class Size:
    users: int
    avatars: int

    @property
    def mark(self) -> str:
        """What the database remembers, and /api/health says: "<version>-<users>-<avatars>"."""
        return f"{VERSION}-{self.users}-{self.avatars}"


def users(size: Size) -> Iterator[tuple[int, str, str, datetime]]:
    """(id, email, name, created_at) of each person, ids from 1."""
    for number in range(1, size.users + 1):
        first, last = FIRST[number * 7 % len(FIRST)], LAST[number * 11 % len(LAST)]
        hostile = number % 1000 == 0
        name = HOSTILE[(number // 1000 - 1) % len(HOSTILE)] if hostile else f"{first} {last}"
        email = f"{first}.{last}.{number:05}@exemple.test".translate(ASCII).lower()
        yield number, email, name, START + timedelta(minutes=number)


def avatars(size: Size) -> Iterator[tuple[int, str, bytes]]:
    """(user id, file name, bytes): pictures of people spread evenly."""
    for number in range(1, size.avatars + 1):
        user_id = number * (size.users // size.avatars)
        data = picture(user_id)
        yield user_id, f"{user_id}-{hashlib.sha256(data).hexdigest()[:16]}.png", data


def picture(user_id: int) -> bytes:
    """64 x 64: an 8 x 8 pattern, mirrored, in one colour on another, both out of the id's hash."""
    digest = hashlib.sha256(f"avatar {user_id}".encode()).digest()
    cells = [digest[y * 4 + min(x, 7 - x)] & 1 for y in range(8) for x in range(8)]
    pixels = bytes(cells[y // 8 * 8 + x // 8] for y in range(64) for x in range(64))
    return png.encode(64, digest[:3] + digest[29:], pixels)


def login_events(size: Size) -> Iterator[tuple[str, int, str, datetime]]:
    """(email, user id, outcome, at): every fifth person tried to sign in once, one in ten of them in vain."""
    for user_id, email, _, created_at in users(size):
        if user_id % 5 == 0:
            yield email, user_id, "failed" if user_id % 50 == 0 else "ok", created_at + timedelta(days=30)
