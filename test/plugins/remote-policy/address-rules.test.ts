import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../../plugins/remote-policy/address-rules.ts";
import { dns } from "../../helpers/dns-answers.ts";
import { create, never, PUBLIC, PUBLIC_IPV6, refusalOf, URL_OF_HOST } from "../../helpers/remote-policy.ts";

/** First and last of each class, and their neighbours outside. */
const REFUSED: [kind: string, ...addresses: string[]][] = [
  ["unspecified", "0.0.0.0", "::"],
  ["this network", "0.0.0.1", "0.255.255.255"],
  ["private", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
  ["carrier-grade NAT", "100.64.0.0", "100.127.255.255"],
  ["loopback", "127.0.0.1", "127.255.255.255", "::1"],
  [
    "link-local",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "fe80::",
    "febf:ffff::1",
    "fe80::1%eth0",
  ],
  ["the host agent of a cloud", "168.63.129.16"],
  ["protocol assignments", "192.0.0.0", "192.0.0.255", "2001::", "2001:1ff:ffff::1"],
  [
    "documentation",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.255",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff:ffff::1",
  ],
  ["benchmarks", "198.18.0.0", "198.19.255.255", "2001:2::1"],
  ["multicast", "224.0.0.0", "239.255.255.255", "ff02::1", "ff0e::1"],
  ["reserved", "240.0.0.0", "255.255.255.254", "4000::1", "5f00::1"],
  ["broadcast", "255.255.255.255"],
  ["unique-local", "fc00::", "fd00:ec2::254", "fdff:ffff::1"],
  ["site-local", "fec0::1"],
  ["discard-only", "100::1"],
  ["IPv4-mapped", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a00:1"],
  ["IPv4-compatible and translated", "::127.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8"],
  ["NAT64 of what is refused", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::"],
  ["NAT64 of a network's own", "64:ff9b:1::808:808", "64:ff9b:1:ffff::1", "64:ff9b:0:1::808:808"],
  ["6to4", "192.88.99.1", "2002:7f00:1::1", "2002:808:808::1"],
  ["Teredo", "2001:0:808:808::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"],
  ["no address", "", "example.com", "1.2.3", "0x7f.1", "[::1]", "8.8.8.8 "],
];

describe("an address that DNS gives", () => {
  it.each(REFUSED)("is not public: %s", (_, ...addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it.each([
    ["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
    ["168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"],
    [
      "192.0.1.0",
      "192.0.3.0",
      "192.88.98.255",
      "192.167.255.255",
      "192.169.0.0",
      "198.17.255.255",
      "198.20.0.0",
    ],
    ["198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", PUBLIC],
    [PUBLIC_IPV6, "2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1", "3ffe::1", "3fff:1000::1"],
    ["64:ff9b::8.8.8.8", "64:ff9b::808:808"],
  ])("is public: %s …", (...addresses) => {
    expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
  });

  it.each([
    ["127.0.0.1"],
    ["10.0.0.7"],
    ["::1"],
    ["::ffff:10.0.0.7"],
    [PUBLIC, "10.0.0.7"],
    ["10.0.0.7", PUBLIC],
    [PUBLIC, PUBLIC_IPV6, "fd00::7"],
  ])("is refused with all that came with it, and not told: %s %s", async (...addresses) => {
    const { resolve } = dns(addresses.filter((address) => address !== undefined));
    const message = await refusalOf(create({ resolve, connect: never }).fetch(URL_OF_HOST));
    expect(message).toBe('The host "mcp.example.com" is refused: it has no public address.');
  });
});
