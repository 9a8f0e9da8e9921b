"""What HAProxy shows of its table of rates, read."""

from __future__ import annotations

import pytest

from stateroom.edge.rates import question, requests
from stateroom.errors import Retryable

HEADING = "# table: rates, type: string, size:102400, used:1\n"


@pytest.mark.parametrize(
    "line",
    ["0x7f10: key=t-1 use=0 exp=119000 shard=0 http_req_rate(60000)=42 conn_cur=3\n",
     "0x7f10: key=t-1 use=1 exp=1 conn_cur=3 http_req_rate(60000)=42\n"],
)  # fmt: skip
def test_the_rate_of_a_tenant(line: str) -> None:
    """The rate is found wherever it stands in the line, as the versions of HAProxy write it."""
    assert requests(HEADING + line) == 42


def test_nobody_asked() -> None:
    """A tenant that the table does not know has no requests."""
    assert requests("") == requests("\n") == 0


@pytest.mark.parametrize(
    "shown",
    ["No such table\n", "Unknown command\n", HEADING, HEADING + "0x7f10: key=t-1 conn_cur=3\n"],
)
def test_another_answer_is_no_rate(shown: str) -> None:
    """An answer that is not about this table is not read as 0."""
    with pytest.raises(Retryable, match="garbled"):
        requests(shown)


def test_the_question_names_one_tenant() -> None:
    """One line comes back, however many tenants there are."""
    assert question("t-1") == "show table rates key t-1"
