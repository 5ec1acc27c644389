/**
 * Which ports programs of this host listen on, by the kernel's own tables. Asked by the client, because the packaged
 * daemon lives in a network of its own; user-mode networking listens in the host's.
 */
import { readFile } from 'node:fs/promises';
import type { PortForward } from '../core/model/network-interface.ts';

export interface ListeningPort {
  readonly protocol: PortForward['protocol'];
  /** IPv4; `0.0.0.0` for all, also where an IPv6 socket listens on all of both. */
  readonly address: string;
  readonly port: number;
}

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'] as const;
type Table = (typeof TABLES)[number];

/** Empty where there are no such tables. */
export async function listeningPorts(): Promise<readonly ListeningPort[]> {
  const tables = await Promise.all(
    TABLES.map(async (table) => {
      const text = await readFile(`/proc/net/${table}`, 'latin1').catch(() => '');
      return parsePorts(table, text);
    }),
  );
  return tables.flat();
}

/** `TCP_LISTEN` and, for UDP, `TCP_CLOSE`: bound to no peer (Linux include/net/tcp_states.h). */
const LISTENING: Readonly<Record<PortForward['protocol'], string>> = { tcp: '0A', udp: '07' };

/** One line for each socket: `0: 0100007F:1F90 00000000:0000 0A …` (proc_net(5)); addresses in host byte order. */
export function parsePorts(table: Table, text: string): readonly ListeningPort[] {
  const protocol = table.startsWith('tcp') ? 'tcp' : 'udp';
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [hex = '', port = ''] = local.split(':');
    if (state !== LISTENING[protocol] || !/^[0-9A-F]{4}$/.test(port)) return [];
    const address = ipv4Of(hex);
    return address === undefined ? [] : [{ protocol, address, port: Number.parseInt(port, 16) }];
  });
}

const MAPPED = '0000000000000000FFFF0000';

/** Undefined for an IPv6 address that takes no IPv4 with it. */
function ipv4Of(hex: string): string | undefined {
  if (hex.length === 32 && /^0+$/.test(hex)) return '0.0.0.0';
  const own = hex.length === 32 && hex.startsWith(MAPPED) ? hex.slice(MAPPED.length) : hex;
  if (own.length !== 8) return undefined;
  const bytes = Buffer.from(own, 'hex').reverse();
  return [...bytes].join('.');
}

export function isTaken(
  { protocol, hostAddress, hostPort }: PortForward,
  listening: readonly ListeningPort[],
): boolean {
  return listening.some(
    (taken) =>
      taken.protocol === protocol &&
      taken.port === hostPort &&
      (taken.address === hostAddress || [taken.address, hostAddress].includes('0.0.0.0')),
  );
}
