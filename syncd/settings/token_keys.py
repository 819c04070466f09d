"""Which keys open the stored tokens now, and how a new one comes into force without a moment of neither."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from syncd.domain.errors import UsageError
from syncd.settings.credentials import TOKEN_KEY, StoredCredentials, key_in, present_key

OLD_KEY = "syncd_token_key_old"


class TokenKeys:
    """The keys from credentials, or else from the files beside the ledger; looked up anew each time.

    A credential `syncd_token_key` outranks the file `<ledger>.key`. What was stored under
    `syncd_token_key_old`, or under the file before a credential was given, opens all the same.
    """

    def __init__(self, environ: Mapping[str, str], ledger: Path) -> None:
        self._environ = environ
        self._file = ledger.with_name(f"{ledger.name}.key")
        self._next = ledger.with_name(f"{ledger.name}.key.new")

    def __call__(self) -> Sequence[bytes]:
        """Every key that may open something; the first one encrypts."""
        credentials = StoredCredentials(self._environ)
        given = credentials.token_key()
        # The next one is looked at first: it takes the place of the other while we look.
        after = present_key(self._next)
        now = present_key(self._file) if given or after else key_in(self._file)
        keys = (given, after, now, credentials.token_key(OLD_KEY))
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    def file(self) -> Path | None:
        """The file whose key is in force; None while a credential gives the key or none was made yet."""
        given = StoredCredentials(self._environ).token_key() is not None
        return None if given or not self._file.exists() else self._file

    def rotate(self, reseal: Callable[[Sequence[bytes]], int]) -> int:
        """Have everything encrypted with the newest key; what `reseal` answers.

        With a credential that is the key in it. Without one a new key is made beside the old file and
        takes its place only after everything was encrypted with it; a kill in between loses nothing.
        Raises UsageError when a credential is in force and no former key is known.
        """
        credentials = StoredCredentials(self._environ)
        if credentials.token_key() is not None:
            keys = self()
            if len(keys) == 1:
                raise UsageError(
                    f"put the new key into the credential {TOKEN_KEY} and the present one into "
                    f"{OLD_KEY}, then run this again"
                )
            count = reseal(keys)
            self._retire()
            return count
        key_in(self._next)  # from here on whatever is stored is encrypted with it
        _settle(self._next.parent)
        count = reseal(self())
        self._next.replace(self._file)
        _settle(self._file.parent)
        return count

    def _retire(self) -> None:
        """A credential is in force and everything is encrypted with it: the files are of no more use."""
        for path in (self._next, self._file):
            path.unlink(missing_ok=True)
        _settle(self._file.parent)


def _settle(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
