"""A contact has one spelling and a hint that reveals little; an invalid one is refused with a remedy."""

import pytest

from domain.model.people.contacts import Contact, ContactMalformed, read_contact


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Ana.Silva@Example.com", "email:ana.silva@example.com"),
        ("  ana@numiscollect.example ", "email:ana@numiscollect.example"),
        ("ana+coins@example.com", "email:ana+coins@example.com"),
        ("JOSÉ@example.com", "email:josé@example.com"),
        ("jose\u0301@example.com", "email:josé@example.com"),
        ("ana@xn--mnchen-3ya.de", "email:ana@münchen.de"),
        ("ana@MÜNCHEN.de", "email:ana@münchen.de"),
        ("+351 912 345 678", "phone:+351912345678"),
        ("00351 912 345 678", "phone:+351912345678"),
        ("\u202a+351 912\u200b 345 678\u202c", "phone:+351912345678"),
        ("\ufeff00351912345678\n", "phone:+351912345678"),
        ("＋３５１ ９１２ ３４５ ６７８", "phone:+351912345678"),
        ("\u200eana@example.com\u200f\r\n", "email:ana@example.com"),
        ("+351-912-345-678", "phone:+351912345678"),
        ("+48 512 345 678", "phone:+48512345678"),
    ],
)
def test_each_spelling_of_a_contact_is_one_contact(typed: str, key: str) -> None:
    assert read_contact(typed).key == key


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "ana", "ana@", "@example.com", "ana@@example.com", "ana@example", "ana b@example.com", "ana@exam\nple.com",
        "ana\x00@example.com", "Ana <ana@example.com>", "a" * 65 + "@example.com", "ana@" + "e" * 300 + ".com", "912345678", "+351",
        "+351 12", "+999 912 345 678", "+351 912 345 678 ext. 5", "+" + "1" * 5000, "tel:+351912345678", "ana@localhost", "ana@127.0.0.1",
    ],
)  # fmt: skip
def test_what_is_no_contact_is_refused_with_a_remedy(typed: str) -> None:
    with pytest.raises(ContactMalformed, match=r"write it|at most 254"):
        read_contact(typed)


@pytest.mark.parametrize(
    ("contact", "hint"),
    [
        (Contact("email", "ana@example.com"), "a***@example.com"),
        (Contact("email", "a@example.com"), "a***@example.com"),
        (Contact("phone", "+351912345678"), "+351******678"),
        (Contact("phone", "+48512345678"), "+48******678"),
    ],
)
def test_a_hint_shows_little(contact: Contact, hint: str) -> None:
    assert contact.masked == hint


def test_an_address_is_no_encoded_word() -> None:
    with pytest.raises(ContactMalformed):
        read_contact("=?utf-8?q?=0d=0abcc?=@example.com")
