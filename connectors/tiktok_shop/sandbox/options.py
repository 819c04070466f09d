"""Where the connector finds the options of a simulated shop; the port defines them."""

from syncd.ports.sandbox import SandboxOptions

__all__ = ["SandboxOptions"]
