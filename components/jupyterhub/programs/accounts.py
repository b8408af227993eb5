"""Who may log in to the hub: the users that the stack declares, and the proof's robot."""

import hmac
import os
import re
import time
from dataclasses import dataclass, field
from typing import Callable


@dataclass(frozen=True)
class Accounts:
    """The declared accounts, in small letters. Their generated passwords lie in `folder`, one file per account."""

    users: frozenset[str]
    robot: str
    folder: str

    @property
    def names(self) -> frozenset[str]:
        return self.users | {self.robot}

    def generated_password(self, name: str) -> str | None:
        """The password that was generated for an account; `None` while there is none."""
        if name not in self.names:
            return None
        try:
            with open(os.path.join(self.folder, escaped(name)), encoding="utf-8") as file:
                return file.read().strip() or None
        except FileNotFoundError:
            return None

    def is_robot(self, name: str, password: str) -> bool:
        """Whether this is the robot with its password, which is always that of the Secret."""
        own = self.generated_password(self.robot) if name == self.robot else None
        return own is not None and hmac.compare_digest(own.encode(), password.encode())


def escaped(name: str) -> str:
    """An account's name as a file is called: as `escapedUser` of the platform does it."""
    return re.sub(r"[^a-z0-9]", lambda letter: f"-{ord(letter.group()):02x}", name)


@dataclass
class FailedLogins:
    """Locks an account for a while after so many failed logins in a row. A restart of the hub forgets them."""

    allowed: int = 5
    lock_seconds: float = 300
    clock: Callable[[], float] = time.monotonic
    _failures: dict[str, int] = field(default_factory=dict)
    _locked_until: dict[str, float] = field(default_factory=dict)

    def seconds_locked(self, name: str) -> float:
        """How long the account stays locked; 0 when it is not."""
        return max(0.0, self._locked_until.get(name, 0.0) - self.clock())

    def add(self, name: str) -> None:
        self._failures[name] = self._failures.get(name, 0) + 1
        if self._failures[name] >= self.allowed:
            self._locked_until[name] = self.clock() + self.lock_seconds
            self._failures[name] = 0

    def forget(self, name: str) -> None:
        self._failures.pop(name, None)
        self._locked_until.pop(name, None)


def lock_message(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return f"Too many failed logins: this account is locked. Try again in {minutes} {unit}."
