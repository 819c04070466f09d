import pytest

from connectors.tiktok_shop.codes import CODES, ErrorClass, classify

# Copied from the fact sheet, section 5, by hand.
FACT_SHEET = """
0 36009002 36009003 36009007 36009004 36009009 36009010 36009014 36009021 36009022 36009023 36009033
36009037 36009043 36009044 105002 105005 101000 106001 106013 36004004 36004005 98001004 11050001
10002014 10002015 10006402 10037002 10037003 10037004 12001000 12052881 33001002
12052990 12019008 12019150 12052032 12052260 12052034 12052048 12052036 12052557 12052553
12019015 12019120 12019022 12052096 12052115 12019024 12052055
12019028 12052037 12052097 12052533 12052555 12052094 12052530 12052531 12052532 12052144
12052708 12052850 12052861 12052503 12052921 12052141 12052382 12052377 12052516 12052910
12052393 12019045 12052038 12052332 12052012 12052073 12052570 12052571 12052084
12052092 12052424 12052572 12052375 12052376 12052383 12019113 12052901
12019114 12019112 12052700 12052093 12052109 12052180 21008111
"""


def test_every_code_of_the_fact_sheet_is_in_the_table_and_no_other() -> None:
    assert {int(code) for code in FACT_SHEET.split()} == set(CODES)


def test_every_code_says_what_it_means_and_what_happens() -> None:
    silent = [one.code for one in CODES.values() if one.code and not (one.meaning and one.action)]
    assert [] == silent


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (36009002, ErrorClass.THROTTLED),
        (36009007, ErrorClass.RETRY),
        (105002, ErrorClass.REFRESH_TOKEN),
        (12052393, ErrorClass.STOCK_LOCKED),
        (12052144, ErrorClass.NOT_EDITABLE),
        (12019028, ErrorClass.WAREHOUSES),
        (36009037, ErrorClass.BUDGET_SPENT),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
def test_a_known_code_counts_whatever_the_http_status(
    code: int, kind: ErrorClass, status: int
) -> None:
    assert kind is classify(code, status).kind


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Invalid timestamp: ahead of server", ErrorClass.CLOCK),
        ("TIMESTAMP is too old", ErrorClass.CLOCK),
        ("shop_cipher is not required for this API", ErrorClass.BUG),
        ("Invalid app_key", ErrorClass.UNAUTHORIZED),
        ("invalid header x-tts-access-token", ErrorClass.UNAUTHORIZED),
        ("quantity must be at least 1", ErrorClass.QUANTITY_REFUSED),
        ("page_size is missing", ErrorClass.PERMANENT),
        ("", ErrorClass.PERMANENT),
    ],
)
def test_the_code_of_many_meanings_is_read_by_its_message(message: str, kind: ErrorClass) -> None:
    assert kind is classify(36009004, 400, message).kind


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (77777777, 200, ErrorClass.PERMANENT),
        (77777777, 403, ErrorClass.PERMANENT),
        (77777777, 429, ErrorClass.THROTTLED),
        (77777777, 500, ErrorClass.RETRY),
        (77777777, 503, ErrorClass.RETRY),
        (0, 200, ErrorClass.OK),
        (0, 500, ErrorClass.RETRY),
        (None, 200, ErrorClass.RETRY),
        (None, 404, ErrorClass.RETRY),
        (None, 429, ErrorClass.THROTTLED),
    ],
)
def test_without_a_known_code_the_http_status_decides(
    code: int | None, status: int, kind: ErrorClass
) -> None:
    assert kind is classify(code, status).kind
