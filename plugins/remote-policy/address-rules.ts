import { BlockList, isIP } from "node:net";

/** IANA's special-purpose registry for IPv4, multicast and reserved addresses. */
const SPECIAL_IPV4: readonly [network: string, prefix: number][] = [
  ["0.0.0.0", 8], // "this network", with the unspecified address
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8], // loopback
  ["168.63.129.16", 32], // Azure's host agent, which every virtual machine there reaches
  ["169.254.0.0", 16], // link-local, with the metadata services of clouds
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // relays of 6to4
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, with broadcast
];

/** The range of global unicast addresses. Loopback, unique-local, mapped IPv4 and so on lie outside. */
const GLOBAL_IPV6 = ["2000::", 3] as const;

/**
 * Global addresses that are not a host on the internet, or that lead to an IPv4 address which cannot be checked here.
 */
const SPECIAL_IPV6: readonly [network: string, prefix: number][] = [
  ["2001::", 23], // protocol assignments: Teredo, benchmarks, ORCHID
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4
  ["3fff::", 20], // documentation
];

/** The prefix of NAT64 (RFC 6052): networks without IPv4 reach IPv4-only hosts through it. */
const NAT64 = "64:ff9b::";

const specialIpv4 = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) specialIpv4.addSubnet(network, prefix, "ipv4");

const globalIpv6 = new BlockList();
globalIpv6.addSubnet(...GLOBAL_IPV6, "ipv6");
globalIpv6.addSubnet(NAT64, 96, "ipv6");

const specialIpv6 = new BlockList();
for (const [network, prefix] of SPECIAL_IPV6) specialIpv6.addSubnet(network, prefix, "ipv6");
for (const [network, prefix] of SPECIAL_IPV4) specialIpv6.addSubnet(NAT64 + network, 96 + prefix, "ipv6");

/** Whether this is the address of a host on the public internet. False if it is not an address, or has a zone. */
export function isPublicAddress(address: string): boolean {
  if (address.includes("%")) return false;
  switch (isIP(address)) {
    case 4:
      return !specialIpv4.check(address, "ipv4");
    case 6:
      return globalIpv6.check(address, "ipv6") && !specialIpv6.check(address, "ipv6");
    default:
      return false;
  }
}
