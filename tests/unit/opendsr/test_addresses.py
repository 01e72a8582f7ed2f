"""Which addresses are called: those of the public internet, looked up once, whatever a name says the next time."""

import json
import socket
from typing import Any

import pytest

from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.opendsr.addresses import Place, StandIns, is_public, place_of

HOST = "opendsr.partner.com"
NOBODY = StandIns()

FORBIDDEN = {
    "unspecified": ["0.0.0.0", "::"],  # noqa: S104 - nothing is bound
    "this network": ["0.1.2.3"],
    "loopback": ["127.0.0.1", "127.8.9.10", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "shared": ["100.64.0.1", "100.100.100.200"],
    "link-local": ["169.254.1.1", "fe80::1", "fec0::1", "fe80::1%eth0"],
    "cloud metadata": ["169.254.169.254", "169.254.170.2", "fd00:ec2::254"],
    "unique local": ["fc00::1", "fd12:3456::1"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.0.1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"],
    "benchmarking": ["198.18.0.1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"],
    "IPv4 inside IPv6": ["64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:0:0:0:0:0:1"],
    "no address": ["", "localhost", "8.8.8.8.8", "0x7f000001"],
}


def found(*addresses: str) -> Any:
    return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]


@pytest.mark.parametrize("address", [one for many in FORBIDDEN.values() for one in many])
def test_no_address_but_a_public_one_is_called(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(StoreRefusedError, match=r"^address_refused$"):
        place_of(HOST, 443, NOBODY, found(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111"])
def test_a_public_one_is(address: str) -> None:
    assert place_of(HOST, 443, NOBODY, found(address)) == Place(address, 443)


def test_one_inner_address_among_others_spoils_them_all() -> None:
    with pytest.raises(StoreRefusedError):
        place_of(HOST, 443, NOBODY, found("8.8.8.8", "127.0.0.1"))


def test_a_name_that_nobody_knows_is_worth_another_try() -> None:
    def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror

    for lookup in (unknown, found()):
        with pytest.raises(StoreUnavailableError, match=r"^name_unknown$"):
            place_of(HOST, 443, NOBODY, lookup)


def test_a_local_cloud_plays_names_that_nobody_can_own_and_on_this_machine_only() -> None:
    addresses = {"a.mall.example": "127.0.0.1:4431", HOST: "127.0.0.1:4431", "b.mall.example": "10.0.0.1:443"}
    played = StandIns(json.dumps({"ca": "/ca.pem", "addresses": addresses}))
    assert played.of("a.mall.example") == Place("127.0.0.1", 4431, "/ca.pem")
    assert [played.of(host) for host in (HOST, "b.mall.example", "c.mall.example")] == [None, None, None]
    with pytest.raises(StoreRefusedError):
        place_of("b.mall.example", 443, played, found("10.0.0.1"))
