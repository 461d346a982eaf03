"""Where somebody is: two lines, town, county, postcode and country; not how either system lays that out."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from canonical.shape import Noun

#: ISO 3166 alpha-2, or blank when nobody said; Greece is GR here whatever a system calls it.
Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")]


class Address(Noun):
    """A postal address. Each part may be blank; a line holds no line break."""

    line1: str = ""
    line2: str = ""
    town: str = ""
    county: str = ""
    postcode: str = ""
    country: Country = ""
