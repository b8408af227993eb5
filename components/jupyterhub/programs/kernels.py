"""Kernels of a user's server: when the container's memory runs out, the kernel goes, not the server.

The operating system ends the process with the highest score. A process may raise its own, and a program that it starts
inherits it; so a kernel raises it first and then becomes the kernel.
"""

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

HIGHEST_SCORE = 1000
# A kernel in a container that hides the file still starts.
RAISE = f'{{ echo {HIGHEST_SCORE} > /proc/self/oom_score_adj; }} 2>/dev/null; exec "$@"'


class FirstToGoKernelManager(ServerKernelManager):
    """Starts a kernel through the shell that raises the score."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        return ["/bin/sh", "-c", RAISE, "kernel", *super().format_kernel_cmd(extra_arguments)]
