import gc
import unittest

from programs import load


class Start(unittest.TestCase):
    def test_garbage_is_looked_for_less_often_but_looked_for(self):
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        load("sitecustomize")
        self.assertEqual(gc.get_threshold(), (50_000, 50, 100))
        self.assertTrue(gc.isenabled())


if __name__ == "__main__":
    unittest.main()
