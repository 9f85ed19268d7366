import { BlockList, isIP } from 'node:net'

/** Ranges that no public server has: this machine, its network, the network's own machinery, and where clouds keep their metadata. */
const RESERVED = {
  ipv4: ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ipv6: ['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8']
} as const

const blocked = new BlockList()
for (const family of ['ipv4', 'ipv6'] as const) {
  for (const range of RESERVED[family]) {
    const [network = '', bits] = range.split('/')
    blocked.addSubnet(network, Number(bits), family)
  }
}

/**
 * Whether an address is one of the public network: not loopback, link-local, private, multicast or otherwise reserved. IPv4 addresses that
 * are written as IPv6 count as what they are.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 0) return false
  if (family === 4) return !blocked.check(address, 'ipv4')
  // BlockList holds `::ffff:10.0.0.1` against the IPv4 ranges by itself.
  return !blocked.check(address, 'ipv6')
}
