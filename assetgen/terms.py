"""Terms of licences beyond yes and no: revenue limits, duties and excluded countries; and the studio they apply to.

Amounts are US dollars a year. Countries are ISO 3166-1 alpha-2 codes; `EU` is its 27 members and `UK` is `GB`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    model_validator,
)

_EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
_AMOUNT = re.compile(r"(?P<amount>\d[\d_,]{0,20}) *USD")


def _usd(value: object) -> object:
    """`"1,000,000 USD"` as 1000000; other values as they are."""
    if isinstance(value, str):
        found = _AMOUNT.fullmatch(value.strip())
        if found is None:
            raise ValueError(f"'{value}' is not an amount in US dollars, like 1000000 USD")
        return int(found["amount"].replace(",", "").replace("_", ""))
    return value


def _country(value: object) -> object:
    """`NO`, Norway, is false in YAML."""
    return "NO" if value is False else value


def _known_code(code: str) -> str:
    if not re.fullmatch("[A-Z]{2}", code):
        raise ValueError(f"'{code}' is not a country code (ISO 3166-1 alpha-2), like DE, US or EU")
    return "GB" if code == "UK" else code


Usd = Annotated[
    int, Field(ge=0, strict=True), BeforeValidator(_usd), PlainSerializer(lambda amount: f"{amount} USD", str)
]
"""US dollars a year, written `1000000 USD`."""
Country = Annotated[str, BeforeValidator(_country), AfterValidator(_known_code)]
"""A country by its two-letter code; `EU` is all of its members."""
Duty = Literal["content_filter", "ai_disclosure"]
"""What a licence requires of commercial use: a filter of the content, a statement that it is made with AI."""


class Conditions(BaseModel):
    """Commercial use is allowed on conditions: below a revenue, and with duties."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    below_revenue: Usd | None = None
    requires: tuple[Duty, ...] = ()

    @model_validator(mode="after")
    def _not_empty(self) -> "Conditions":
        if self.below_revenue is None and not self.requires:
            raise ValueError("'commercial' states no condition: write below_revenue or requires, or true or false")
        return self

    @property
    def text(self) -> str:
        """The conditions for people: "below 1,000,000 USD revenue a year; requires content filter"."""
        limit = [] if self.below_revenue is None else [f"below {self.below_revenue:,} USD revenue a year"]
        duties = [f"requires {', '.join(map(duty_name, self.requires))}"] if self.requires else []
        return "; ".join(limit + duties)


Commercial = Annotated[
    Annotated[bool, Tag("flag")] | Annotated[Conditions, Tag("conditions")],
    Discriminator(lambda value: "conditions" if isinstance(value, Mapping | Conditions) else "flag"),
]
"""Whether a licence allows commercial use, or on which conditions."""


class Studio(BaseModel):
    """Who builds: the revenue of the past year, and the countries in which it works and publishes; None, if unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    revenue: Usd | None = None
    countries: tuple[Country, ...] | None = None


UNKNOWN_STUDIO = Studio()


def duty_name(duty: Duty) -> str:
    """The words for a duty."""
    return {"content_filter": "content filter", "ai_disclosure": "AI disclosure"}[duty]


def excluded(countries: Iterable[str], not_in: Iterable[str]) -> tuple[str, ...]:
    """The `countries` that `not_in` excludes, with every member of `EU` on either side."""
    shut_out = _members(not_in)
    return tuple(country for country in countries if shut_out & _members([country]))


def _members(codes: Iterable[str]) -> frozenset[str]:
    found = frozenset(codes)
    return found | _EU if "EU" in found else found
