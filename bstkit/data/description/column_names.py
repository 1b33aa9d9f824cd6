"""Names that columns of public and private logs have, in lower case and without signs, the best known first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bstkit.data.description.facts import ColumnFacts


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


USERS = _names(
    """userid user uid reviewerid reviewer customerid customer visitorid memberid member accountid account buyerid msno
    authorid author personid deviceid cookieid useridx uuid sessionid session"""
)
ITEMS = _names(
    """itemid item iid asin parentasin productid product movieid movie newsid articleid article adgroupid adid ad
    creativeid goodsid sku trackid songid videoid photoid noteid bookid docid documentid businessid gmapid contentid
    targetitem targetitemid candidateid candidate postid poiid itemidx"""
)
TIMES = _names(
    """timestamp time ts unixreviewtime unixtime eventtime eventtimestamp timestampms timems datetime date createdat
    clicktime reviewtime requesttime logtime day"""
)
CLICKS = _names("click clicked clk isclick isclicked label target y clicks")
LATER_LABELS = _names(
    """buy bought purchase purchased ispurchase isbuy conversion converted conv isconversion cv order ordered like liked
    islike follow share comment favorite fav cart addtocart download install longview"""
)
RATINGS = _names("rating ratings overall stars star score reviewrating userrating")
BEHAVIOURS = _names("behavior behaviour behaviortype behaviourtype eventtype event actiontype action interaction type")
KINDS_OF_EVENTS = _names("pv view click buy cart fav purchase addtocart transaction like impression exposure show")
"""What a column of behaviours may hold."""
SHOWN = _names("impression impr imp show shown exposure expose display displayed noclick skip")
"""Of these, what says that something was only shown."""
BOUGHT = _names("buy purchase transaction order")
CLICKED = _names("click clicked clk")
AFTERWARDS = _names(
    """dwell dwelltime watchtime playtime playduration readtime staytime helpful vote votes helpfulvote verified
    verifiedpurchase"""
)
"""What is known only after the event, beside labels and ratings."""
PROSE = _names("title text summary description review comment body headline")
"""Parts of the names of prose."""
NO_LISTS = (*PROSE, "name", "url", "address")
"""Parts of the names of columns whose blanks and commas separate nothing."""
HISTORIES = _names("hist seq past prev behav clicked viewed purchased recent")
"""Parts of the names of histories that stand in the row."""


def plain(name: str) -> str:
    """A column's name without case and signs, to compare it with known ones."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def best_named(columns: Sequence[ColumnFacts], names: Sequence[str]) -> ColumnFacts | None:
    """The column with the best-known name; the first of several; None where none is known."""
    by_name = {plain(column.name): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)
