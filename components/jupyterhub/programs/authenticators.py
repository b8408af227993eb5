"""The two ways to log in to the hub: passwords of its own, or a provider that speaks OpenID Connect.

Both let in the accounts of the stack only, also those who logged in before they were taken out of it, and both let the
robot in by the login form, so that the proof takes one way in every stack.
"""

import asyncio
import json
import time
import urllib.request
from typing import Any

import bcrypt
from accounts import Accounts, FailedLogins, lock_message
from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.handlers import ChangePasswordAdminHandler, ChangePasswordHandler
from nativeauthenticator.orm import UserInfo
from oauthenticator.generic import GenericOAuthenticator
from tornado import web
from traitlets import Instance


class NativeAccounts(NativeAuthenticator):
    """Passwords in the hub's database. The first one is the generated one; people change theirs."""

    accounts: Accounts = Instance(Accounts, config=True)

    def __init__(self, *args: Any, **settings: Any):
        super().__init__(*args, **settings)
        self.failed = FailedLogins()

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        name = self.normalize_username(data.get("username", ""))
        if name not in self.accounts.names:
            return None
        locked = self.failed.seconds_locked(name)
        if locked > 0:
            raise web.HTTPError(429, lock_message(locked))
        if await self._knows(name, data.get("password", "")):
            self.failed.forget(name)
            return name
        self.failed.add(name)
        return None

    async def _knows(self, name: str, given: str) -> bool:
        if name == self.accounts.robot:
            return self.accounts.is_robot(name, given)
        user = self.get_user(name)
        # The check takes a quarter of a second on purpose; others must not wait for it.
        return user is not None and await asyncio.to_thread(bcrypt.checkpw, given.encode(), user.password)

    def get_user(self, username: str) -> UserInfo | None:
        """The account's row, made with the generated password where there is none."""
        name = self.normalize_username(username)
        if name not in self.accounts.users:
            return None
        row = UserInfo.find(self.db, name)
        if row is not None:
            return row
        first = self.accounts.generated_password(name)
        if first is None:
            self.log.warning("no password was generated for %s", name)
            return None
        row = UserInfo(username=name, password=bcrypt.hashpw(first.encode(), bcrypt.gensalt()), is_authorized=True)
        self.db.add(row)
        self.db.commit()
        return row

    def add_user(self, user: Any) -> None:
        """Called for each user of the database at the start: who was taken out of the stack loses their password."""
        if user.name not in self.accounts.names:
            row = UserInfo.find(self.db, user.name)
            if row is not None:
                self.db.delete(row)
                self.db.commit()
            return
        super().add_user(user)

    async def refresh_user(self, user: Any, handler: Any = None) -> bool:
        return user.name in self.accounts.names

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        # The hub's own login page; no page to sign up.
        return [
            (r"/change-password", ChangePasswordHandler),
            (r"/change-password/([^/]+)", ChangePasswordAdminHandler),
        ]


class OidcAccounts(GenericOAuthenticator):
    """Accounts of a provider, by the claim that holds their name."""

    accounts: Accounts = Instance(Accounts, config=True)

    async def authenticate(self, handler: Any, data: Any = None, **settings: Any) -> Any:
        # Only the login form sends a password, and only the robot has one.
        if data is not None and "password" in data:
            name = data.get("username", "")
            return name if self.accounts.is_robot(name, data["password"]) else None
        found = await super().authenticate(handler, data, **settings)
        # The provider may know somebody by the robot's name.
        return None if found is None or self.normalize_username(found["name"]) == self.accounts.robot else found

    async def refresh_user(self, user: Any, handler: Any = None, **settings: Any) -> Any:
        return user.name in self.accounts.names


def discovered(issuer: str, attempts: int = 10) -> dict[str, str]:
    """What the provider says of its addresses. Raises OSError when it does not answer."""
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    for attempt in range(1, attempts + 1):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                found: dict[str, str] = json.load(answer)
                return found
        except OSError as error:
            if attempt == attempts:
                raise OSError(f"the OpenID Connect provider does not answer at {url}: {error}") from error
            time.sleep(3)
    raise AssertionError("unreachable")
