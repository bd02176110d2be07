"""People who sign in at the site over HTTP, and people who guess."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from simulator.crowd.work import challenge_in, solve
from tests.web.running_site import RunningSite, Visitor

ALICE = "alice@contoh.id"
BOB = "bob@contoh.id"
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36"
)


async def newest_code(running: RunningSite, contact: str = ALICE) -> str:
    """The code in the newest message to a contact."""
    async with running.line.database.app.connection() as connection:
        code: str = await connection.fetchval(
            """SELECT payload->>'code' FROM jobs.outbox WHERE payload->>'to' = $1 AND payload->>'code' <> ''
               ORDER BY id DESC LIMIT 1""",
            contact,
        )
    return code


async def asks(visitor: Visitor, contact: str = ALICE) -> bool:
    """Asks for a code on the page for signing in, and does the work for it; says whether one is there."""
    visitor.cookies.pop("masuk", None)
    await visitor.get("/saya")
    answer = await visitor.post("/saya/masuk", kontak=contact)
    if visitor.status == 422 and (challenge := challenge_in(visitor.text)) is not None:
        answer = await visitor.post("/saya/masuk", kontak=contact, altcha=solve(challenge))
    return answer == "/saya/kode"


async def types(visitor: Visitor, code: str) -> str:
    """Types a code on the page for it. Returns where that leads."""
    await visitor.get("/saya/kode")
    found = re.search(r'name="kode_id" value="([^"]+)"', visitor.text)
    assert found
    return await visitor.post("/saya/kode", kode_id=found[1], kode=code)


async def sign_in(running: RunningSite, contact: str = ALICE, *, visitor: Visitor | None = None) -> Visitor:
    """Somebody signs in at once: nothing waits, and the code has six digits."""
    visitor = visitor or running.visitor()
    assert await asks(visitor, contact)
    code = await newest_code(running, contact)
    assert len(code) == 6
    assert await types(visitor, code) == "/saya"
    return visitor


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


@dataclass
class Guesser:
    """Somebody who asks for codes of a contact and types wrong ones, as fast as the site lets them."""

    running: RunningSite
    visitor: Visitor
    guesses: dict[int, int] = field(default_factory=dict)
    """How many codes were compared, by their digits."""
    code: str = ""
    """In the newest message."""

    @property
    def chance(self) -> float:
        """Of one right guess among all of them."""
        return sum(count / 10**digits for digits, count in self.guesses.items())

    async def spend(self, hours: float) -> None:
        """Guesses for some hours."""
        line = self.running.line
        end = line.now + timedelta(hours=hours)
        while line.now < end:
            if await asks(self.visitor):
                await self._type_wrong_ones()
            line.pass_time(60)

    async def _type_wrong_ones(self) -> None:
        self.code = await newest_code(self.running) or self.code  # without a message: the code that is open
        await self.running.line.database.owner.execute("DELETE FROM jobs.outbox")  # sent
        for _ in range(30):
            await types(self.visitor, wrong(self.code))
            if self.visitor.status == 403:
                self.guesses[len(self.code)] = self.guesses.get(len(self.code), 0) + 1
            elif self.visitor.status == 429:
                self.running.line.pass_time(30)
            else:  # used up, by a last guess, or expired
                self.guesses[len(self.code)] = self.guesses.get(len(self.code), 0) + 1
                return
