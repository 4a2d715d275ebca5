"""Commands of ``mock-kuma`` other than ``serve``, a file each."""
