"""What people are known by, in one form each: the same phone written in three ways is one identifier."""

import re
import unicodedata
from collections.abc import Callable, Mapping

import phonenumbers

from contracts.intake.people import Identifier
from services.profile.domain.errors import InvalidIdentifier

REGION = "CN"
"""Where a phone number without a country code belongs."""

HOME = 86
"""That region's country code: there a number without its area code is a different one in every town."""

ORDER: tuple[str, ...] = ("id_number", "wechat_unionid", "phone", "wechat_openid", "email", "external")
"""Types of identifiers, the strongest first."""

STRENGTH: Mapping[str, int] = {name: place for place, name in enumerate(ORDER)}


def normalise(identifier: Identifier) -> str:
    """The one form of an identifier's value; raises `InvalidIdentifier`, which never repeats the value."""
    return normalise_value(identifier.type, identifier.value)


def normalise_value(type_: str, value: str) -> str:
    """The one form of a value of a type (see `normalise`)."""
    return _FORMS[type_](value.strip())


def is_filler(type_: str, value: str) -> bool:
    """Whether somebody only filled the field: nothing but one character again and again, such as `000 0000 0000`.

    What an external system numbers is taken as it is: somebody is its number 1.
    """
    if type_ == "external":
        return False
    kept = {character for character in value.removeprefix("+86") if character.isalnum()}
    return len(kept) <= 1


def _phone(value: str) -> str:
    if found := _MOBILE(value.translate(_SEPARATORS)):
        return f"+86{found[1]}"
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", value), REGION)
    except phonenumbers.NumberParseException:
        raise InvalidIdentifier("this is not a phone number") from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidIdentifier("no whole phone number of that country has this length")
    if number.country_code == HOME and not phonenumbers.is_valid_number(number):
        raise InvalidIdentifier("no phone number of this country is like that; a landline needs its area code")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(value: str) -> str:
    local, at, domain = unicodedata.normalize("NFKC", value).rpartition("@")
    if not at or not _LOCAL(local):
        raise InvalidIdentifier("this is not an e-mail address")
    try:
        ascii_domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        raise InvalidIdentifier("the domain of the e-mail address does not exist") from None
    if not _DOMAIN(ascii_domain):
        raise InvalidIdentifier("the domain of the e-mail address does not exist")
    return f"{local.casefold()}@{ascii_domain}"


def _id_number(value: str) -> str:
    number = unicodedata.normalize("NFKC", value).upper().replace(" ", "")
    if _MAINLAND(number) and not _sums_up(number):
        raise InvalidIdentifier("the last character of this identity number does not fit the others")
    if not _PAPER(number):
        raise InvalidIdentifier("an identity number has 4 to 128 letters, digits, hyphens or brackets")
    return number


def _sums_up(number: str) -> bool:
    """The check character of an 18-digit mainland number (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == number[17]


def _as_it_is(value: str) -> str:
    return value


_FORMS: Mapping[str, Callable[[str], str]] = {
    "phone": _phone,
    "email": _email,
    "id_number": _id_number,
    "wechat_unionid": _as_it_is,
    "wechat_openid": _as_it_is,
    "external": _as_it_is,
}
_MOBILE = re.compile(r"(?:\+86)?(1[3-9][0-9]{9})").fullmatch
_SEPARATORS = {ord(character): None for character in " -\u3000\u00a0"}
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}").fullmatch
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}").fullmatch
_MAINLAND = re.compile(r"[1-9][0-9]{16}[0-9X]").fullmatch
_PAPER = re.compile(r"[A-Z0-9()-]{4,128}").fullmatch
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
