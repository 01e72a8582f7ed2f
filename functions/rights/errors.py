"""Everything this system raises on purpose.

    RightsError
    ├── RetryableError             worth trying again, by Step Functions or by the next sweep
    │   ├── StoreUnavailableError  a store did not answer, or throttled
    │   ├── AwsUnavailableError    an AWS service throttled or failed
    │   ├── StaleWriteError        another writer was first; the ledger has moved on
    │   └── NotReadyError          something this step needs is not there yet
    ├── IdempotencyConflictError   the same key came with another body
    └── FatalError                 trying again changes nothing; an operator must look
        ├── IllegalTransitionError the ledger does not allow this change of status
        ├── UnknownRequestError    no such request
        ├── TermError              the clock rule of a request does not allow this
        ├── DataMapError           the data map is wrong, or does not fit the store
        ├── StoreRefusedError      a store refused: permission, schema, constraint
        ├── TooLargeError          the ledger has no room for so much in one item; half of it may fit
        ├── SealError              sealed data could not be opened
        ├── PackageIncompleteError exported pages are missing; the store is exported anew in the next run
        └── UnexpectedError        a foreign exception, stripped of its text

Class names are part of the contract with `statemachine/rights_request.asl.yaml` (a test holds them together).
Messages never carry personal data.
"""


class RightsError(Exception):
    """The root of every error of this system."""


class RetryableError(RightsError):
    """Worth trying again."""


class StoreUnavailableError(RetryableError):
    """A store did not answer in time, or throttled."""


class AwsUnavailableError(RetryableError):
    """An AWS service throttled or failed."""


class StaleWriteError(RetryableError):
    """Another writer was first; read again and decide anew."""


class NotReadyError(RetryableError):
    """Something this step needs is not there yet."""


class IdempotencyConflictError(RightsError):
    """The same idempotency key came with another body."""


class FatalError(RightsError):
    """Trying again changes nothing; an operator must look."""


class IllegalTransitionError(FatalError):
    """The ledger does not allow this change of status."""


class UnknownRequestError(FatalError):
    """No request has this id."""


class TermError(FatalError):
    """The clock rule of a request does not allow this; `code` says why (an `ExtensionAnswer`, or `nobody_to_tell`)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class DataMapError(FatalError):
    """The data map is wrong, or does not fit the store it describes."""


class StoreRefusedError(FatalError):
    """A store refused: permission, schema or constraint."""


class TooLargeError(FatalError):
    """The ledger has no room for so much in one item; half of it may fit."""


class SealError(FatalError):
    """Sealed data could not be opened."""


class PackageIncompleteError(FatalError):
    """Exported pages of a store are missing; the message is the store's name."""

    def __init__(self, store: str) -> None:
        self.store = store
        super().__init__(store)


class UnexpectedError(FatalError):
    """A foreign exception, by type and place only: its text may quote personal data."""
