import io
import pathlib
import tempfile
import unittest

import programs  # noqa: F401
from fake_s3 import FakeS3, S3Error
from s3_files import NotAllowed, S3Files, fill_home, parse_home


def files_of(prefix="", **objects):
    fake = FakeS3()
    fake.objects = {prefix + name.replace("__", "/"): data for name, data in objects.items()}
    return fake, S3Files(fake, "home-ana", prefix)


class Looking(unittest.TestCase):
    def test_tells_files_from_folders(self):
        _, files = files_of(a=b"1", work__b=b"22")
        self.assertTrue(files.is_file("a"))
        self.assertFalse(files.is_folder("a"))
        self.assertTrue(files.is_folder("work"))
        self.assertFalse(files.is_file("work"))
        self.assertFalse(files.is_folder("wor"))
        self.assertTrue(files.is_folder(""))
        self.assertEqual(files.stat("work/b").size, 2)
        self.assertIsNone(files.stat(""))

    def test_lists_one_level_over_all_pages_without_the_mark_of_the_folder(self):
        for prefix in ("", "ana/"):
            fake, files = files_of(prefix, work__a=b"", work__b=b"", work__c=b"", work__d__e=b"", other=b"")
            fake.objects[prefix + "work/"] = b""
            fake.objects["elsewhere"] = b""
            found = [(entry.path, entry.folder) for entry in files.entries("work")]
            self.assertEqual(
                found, [("work/a", False), ("work/b", False), ("work/c", False), ("work/d", True)], prefix
            )

    def test_does_not_list_what_no_path_leads_to(self):
        fake, files = files_of("ana/", work__a=b"")
        for key in ("/b", "./c", "work//d.csv", "work/../e", "work//deep/f"):
            fake.objects["ana/" + key] = b"1"
        self.assertEqual([(entry.path, entry.folder) for entry in files.entries("")], [("work", True)])
        self.assertEqual([(entry.path, entry.folder) for entry in files.entries("work")], [("work/a", False)])

    def test_reads_nothing_where_nothing_is(self):
        _, files = files_of(a=b"1")
        self.assertEqual(files.read("a")[0], b"1")
        self.assertIsNone(files.read("b"))

    def test_passes_on_what_s3_says_of_a_fault(self):
        fake, files = files_of(a=b"1")
        fake.failing = "head_object"
        with self.assertRaises(S3Error):
            files.is_file("a")


class Changing(unittest.TestCase):
    def test_writes_bytes_and_open_files_below_the_prefix(self):
        fake, files = files_of("ana/")
        files.write("a", b"1")
        files.write("b", io.BytesIO(b"2"))
        files.make_folder("c")
        self.assertEqual(fake.objects, {"ana/a": b"1", "ana/b": b"2", "ana/c/": b""})

    def test_hides_no_folder_behind_a_file_nor_the_other_way_round(self):
        _, files = files_of(work__a=b"1")
        with self.assertRaisesRegex(NotAllowed, "work is a folder"):
            files.write("work", b"1")
        with self.assertRaisesRegex(NotAllowed, "work/a is a file"):
            files.make_folder("work/a")

    def test_moves_a_folder_with_all_that_lies_below(self):
        fake, files = files_of(work__a=b"1", work__b=b"2", work__deep__c=b"3", workshop=b"4")
        files.move("work", "new/place")
        self.assertEqual(
            fake.objects,
            {"new/place/a": b"1", "new/place/b": b"2", "new/place/deep/c": b"3", "workshop": b"4"},
        )

    def test_keeps_every_file_when_a_move_fails_half_way(self):
        fake, files = files_of(work__a=b"1", work__b=b"2")
        fake.failing, fake.left = "copy_object", 1
        with self.assertRaises(S3Error):
            files.move("work", "new")
        self.assertEqual({key: fake.objects[key] for key in ("work/a", "work/b")}, {"work/a": b"1", "work/b": b"2"})

    def test_moves_nothing_onto_what_is_there_nor_into_itself(self):
        fake, files = files_of(a=b"1", b=b"2", work__c=b"3")
        before = dict(fake.objects)
        for old, new, why in (
            ("a", "b", "b is there already"),
            ("a", "work", "work is there already"),
            ("work", "work/deep", "cannot be moved into itself"),
        ):
            with self.assertRaisesRegex(NotAllowed, why):
                files.move(old, new)
        files.move("a", "a")
        self.assertEqual(fake.objects, before)

    def test_deletes_a_file_and_keeps_its_folder(self):
        fake, files = files_of(work__a=b"1")
        files.delete("work/a")
        self.assertEqual(fake.objects, {"work/": b""})
        self.assertTrue(files.is_folder("work"))

    def test_deletes_a_folder_with_its_mark_and_nothing_else(self):
        fake, files = files_of(work__a=b"1", work__b__c=b"2", workshop=b"3")
        fake.objects["work/"] = b""
        files.delete("work")
        self.assertEqual(fake.objects, {"workshop": b"3"})

    def test_removes_no_object_that_it_cannot_show(self):
        fake, files = files_of("ana/", work__a=b"1")
        fake.objects["ana/work//b.csv"] = b"2"
        before = dict(fake.objects)
        for change in (lambda: files.delete("work"), lambda: files.move("work", "new")):
            with self.assertRaisesRegex(NotAllowed, r'work holds the object "ana/work//b.csv".*millrace.s3\(\)'):
                change()
        self.assertEqual(fake.objects, before)

    def test_removes_neither_of_a_file_and_a_folder_with_one_path(self):
        fake, files = files_of(work=b"1", work__a=b"2")
        before = dict(fake.objects)
        for change in (lambda: files.delete("work"), lambda: files.move("work", "new")):
            with self.assertRaisesRegex(NotAllowed, "work is both a file and a folder"):
                change()
        self.assertEqual(fake.objects, before)
        files.delete("work/a")
        self.assertEqual(fake.objects, {"work": b"1"})

    def test_deletes_many_in_requests_of_a_thousand(self):
        fake, files = files_of()
        fake.objects = {f"work/{number}": b"" for number in range(2500)}
        files.delete("work")
        self.assertEqual(fake.objects, {})
        self.assertEqual(fake.calls.count("delete_objects"), 3)

    def test_says_what_could_not_be_removed(self):
        fake, files = files_of(a=b"1")
        fake.delete_objects = lambda **_: {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}
        with self.assertRaisesRegex(OSError, "a cannot be removed: AccessDenied no"):
            files.delete("a")


class Home(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "welcome.ipynb").write_bytes(b"{}")
        (self.folder / "report.ipynb").write_bytes(b"{}")
        (self.folder / "README.md").write_bytes(b"")

    def fill(self, files):
        return fill_home(files, str(self.folder), ".millrace/filled")

    def test_gets_the_notebooks_once(self):
        fake, files = files_of("ana/")
        self.assertEqual(self.fill(files), ["report.ipynb", "welcome.ipynb"])
        self.assertEqual(set(fake.objects), {"ana/report.ipynb", "ana/welcome.ipynb", "ana/.millrace/filled"})
        files.delete("report.ipynb")
        self.assertEqual(self.fill(files), [])
        self.assertFalse(files.is_file("report.ipynb"))

    def test_keeps_what_a_person_has_under_that_name(self):
        fake, files = files_of(**{"welcome.ipynb": b"mine"})
        self.assertEqual(self.fill(files), ["report.ipynb"])
        self.assertEqual(fake.objects["welcome.ipynb"], b"mine")

    def test_goes_on_after_a_start_that_was_cut_off(self):
        fake, files = files_of()
        fake.failing, fake.left = "put_object", 1
        with self.assertRaises(S3Error):
            self.fill(files)
        fake.failing = None
        self.assertEqual(self.fill(files), ["welcome.ipynb"])

    def test_is_filled_with_nothing_where_the_image_has_no_notebooks(self):
        _, files = files_of()
        self.assertEqual(fill_home(files, str(self.folder / "none"), ".millrace/filled"), [])

    def test_is_a_bucket_or_a_prefix_in_one(self):
        self.assertEqual(parse_home("s3://home-ana/"), ("home-ana", ""))
        self.assertEqual(parse_home("s3://home-ana"), ("home-ana", ""))
        self.assertEqual(parse_home("s3://homes/ana/"), ("homes", "ana/"))
        for wrong in ("", "home-ana", "http://home-ana/", "s3:///ana"):
            with self.assertRaisesRegex(ValueError, "MILLRACE_HOME"):
                parse_home(wrong)


if __name__ == "__main__":
    unittest.main()
