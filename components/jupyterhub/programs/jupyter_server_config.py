"""Settings of a user's server: files in S3, kernels that are the first to go when memory runs out, a quick start.

Environment, beside what JupyterHub gives:
  MILLRACE_HOME                    s3://bucket/prefix/ where the files are
  MILLRACE_CONFIG=/etc/millrace/endpoints.json
  AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
  NOTEBOOKS=/opt/millrace/notebooks  what a new home gets
  IDLE_MINUTES=30                  a kernel without work for so long is stopped
  MEM_LIMIT                        of the container, in bytes
"""

import logging
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from s3_contents import S3ContentsManager, home_files  # noqa: E402
from s3_files import fill_home  # noqa: E402

c = get_config()  # noqa: F821
log = logging.getLogger("millrace")
idle_seconds = int(os.environ.get("IDLE_MINUTES", "30")) * 60

try:
    fill_home(home_files(), os.environ.get("NOTEBOOKS", "/opt/millrace/notebooks"), ".millrace/filled")
except Exception as error:
    # The server says the same, and better, to whoever opens the file browser.
    log.warning("the example notebooks are not put into the home: %s", error)

c.ServerApp.contents_manager_class = S3ContentsManager
# Kernels and terminals; nothing here outlives the server.
c.ServerApp.root_dir = os.path.expanduser("~")
c.ServerApp.max_body_size = 256 * 1024 * 1024
# The language servers are not in the image, and the extension wants a folder for its own files. A terminal has no idle time
# of its own, for what runs in it may print nothing; it goes with the server.
c.ServerApp.jpserver_extensions = {"jupyter_lsp": False, "busy": True}
c.MultiKernelManager.kernel_manager_class = "kernels.FirstToGoKernelManager"
c.MappingKernelManager.cull_idle_timeout = idle_seconds
c.MappingKernelManager.cull_interval = min(60, idle_seconds)
# An open tab is no work.
c.MappingKernelManager.cull_connected = True
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
c.ResourceUseDisplay.mem_limit = int(os.environ.get("MEM_LIMIT", "0"))
c.ResourceUseDisplay.enable_prometheus_metrics = False
