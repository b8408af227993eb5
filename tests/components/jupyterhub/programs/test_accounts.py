import pathlib
import tempfile
import unittest

import programs  # noqa: F401
from accounts import Accounts, FailedLogins, lock_message


class GeneratedPasswords(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "ana").write_text("first-of-ana\n")
        (self.folder / "proof").write_text("robots-own")
        (self.folder / "gone").write_text("still mounted")
        self.accounts = Accounts(frozenset({"ana", "ben"}), "proof", str(self.folder))

    def test_belong_to_declared_accounts_only(self):
        self.assertEqual(self.accounts.names, {"ana", "ben", "proof"})
        self.assertEqual(self.accounts.generated_password("ana"), "first-of-ana")
        self.assertIsNone(self.accounts.generated_password("gone"))
        self.assertIsNone(self.accounts.generated_password("../ana"))

    def test_belong_to_people_of_any_name(self):
        names = {"ana.b": "ana-2eb", "j-doe": "j-2ddoe", "ana@example.com": "ana-40example-2ecom", "a_b+c": "a-5fb-2bc"}
        for name, file in names.items():
            (self.folder / file).write_text(f"of {name}")
            accounts = Accounts(frozenset({name}), "proof", str(self.folder))
            self.assertEqual(accounts.generated_password(name), f"of {name}")

    def test_are_none_where_none_was_generated(self):
        self.assertIsNone(self.accounts.generated_password("ben"))
        (self.folder / "ben").write_text("")
        self.assertIsNone(self.accounts.generated_password("ben"))

    def test_let_the_robot_in_by_the_newest_one_of_the_secret(self):
        self.assertTrue(self.accounts.is_robot("proof", "robots-own"))
        (self.folder / "proof").write_text("another")
        self.assertFalse(self.accounts.is_robot("proof", "robots-own"))
        self.assertTrue(self.accounts.is_robot("proof", "another"))

    def test_make_nobody_else_the_robot(self):
        self.assertFalse(self.accounts.is_robot("ana", "first-of-ana"))
        self.assertFalse(self.accounts.is_robot("proof", ""))
        (self.folder / "proof").unlink()
        self.assertFalse(self.accounts.is_robot("proof", ""))


class FailedLoginsTest(unittest.TestCase):
    def setUp(self):
        self.now = 1000.0
        self.failed = FailedLogins(allowed=3, lock_seconds=60, clock=lambda: self.now)

    def fail(self, times):
        for _ in range(times):
            self.failed.add("ana")

    def test_lock_after_the_last_allowed_one_and_only_that_account(self):
        self.fail(2)
        self.assertEqual(self.failed.seconds_locked("ana"), 0)
        self.fail(1)
        self.assertEqual(self.failed.seconds_locked("ana"), 60)
        self.assertEqual(self.failed.seconds_locked("ben"), 0)

    def test_count_anew_when_the_lock_ends(self):
        self.fail(3)
        self.now += 60
        self.assertEqual(self.failed.seconds_locked("ana"), 0)
        self.fail(2)
        self.assertEqual(self.failed.seconds_locked("ana"), 0)
        self.fail(1)
        self.assertEqual(self.failed.seconds_locked("ana"), 60)

    def test_are_forgotten_by_a_login(self):
        self.fail(2)
        self.failed.forget("ana")
        self.fail(2)
        self.assertEqual(self.failed.seconds_locked("ana"), 0)

    def test_say_how_long(self):
        self.assertEqual(
            lock_message(299), "Too many failed logins: this account is locked. Try again in 5 minutes."
        )
        self.assertEqual(lock_message(3), "Too many failed logins: this account is locked. Try again in 1 minute.")


if __name__ == "__main__":
    unittest.main()
