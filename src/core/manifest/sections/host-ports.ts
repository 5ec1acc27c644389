/**
 * The annotation `solovirt.io/host-ports`: which ports of the host lead into the guest. Entries
 * `[ADDRESS:]HOSTPORT:PORT[/tcp|udp]`, separated by commas or white space.
 */
import type { PortForward } from '../../model/network-interface.ts';
import { quoted } from '../field-path.ts';
import type { Found } from '../fields.ts';
import type { Report } from '../report.ts';
import { didYouMean } from '../suggest.ts';

const DEFAULT_ADDRESS = '127.0.0.1';
const ANY_ADDRESS = '0.0.0.0';
const MAX_PORT = 65_535;
const MAX_ENTRIES = 256;
const FORM = '[ADDRESS:]HOSTPORT:PORT[/tcp|udp]';
const ENTRY = /^(?:([\d.]+):)?(\d{1,9}):([A-Za-z0-9-]{1,63})(?:\/(tcp|udp))?$/i;

type Protocol = PortForward['protocol'];

/** An interface as far as forwarding goes. No declared ports means all ports, as in KubeVirt. */
export interface ForwardTarget {
  /** One that is a member of a network of the host is the last choice: only where solovirt serves it are there forwards. */
  readonly network?: unknown;
  readonly ports: readonly {
    readonly name?: string;
    readonly port: number;
    readonly protocol: Protocol;
  }[];
}

interface Entry {
  readonly text: string;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly port: string;
  readonly protocol?: Protocol;
}

type Fault = { readonly code: string; readonly message: string };
type Placed = { readonly target: number; readonly forward: PortForward };

/** The forwards of each interface, in the order of the interfaces. */
export function resolveHostPorts(
  annotation: Found<string> | undefined,
  interfaces: readonly ForwardTarget[],
  report: Report,
): readonly (readonly PortForward[])[] {
  const placed: Placed[] = [];
  if (annotation !== undefined)
    for (const entry of splitEntries(annotation, report)) {
      const result = resolveEntry(entry, interfaces, placed);
      if ('code' in result) report.error(result.code, annotation, result.message);
      else placed.push(result);
    }
  return interfaces.map((_, index) =>
    placed.filter(({ target }) => target === index).map(({ forward }) => forward),
  );
}

function splitEntries(annotation: Found<string>, report: Report): readonly string[] {
  const entries = annotation.value.split(/[\s,]+/).filter((entry) => entry !== '');
  if (entries.length <= MAX_ENTRIES) return entries;
  const message = `${entries.length} entries, at most ${MAX_ENTRIES} ports can be forwarded`;
  report.error('out-of-range', annotation, message);
  return [];
}

function resolveEntry(
  entryText: string,
  interfaces: readonly ForwardTarget[],
  earlier: readonly Placed[],
): Placed | Fault {
  const entry = parseEntry(entryText);
  if ('code' in entry) return entry;
  if (interfaces.length === 0)
    return {
      code: 'unknown-port',
      message: `${quoted(entryText)}: the VM has no network interface`,
    };
  const found = findPort(entry, interfaces);
  if ('code' in found) return found;
  const { hostAddress, hostPort } = entry;
  const forward: PortForward = {
    hostAddress,
    hostPort,
    guestPort: found.port,
    protocol: found.protocol,
  };
  if (earlier.some((other) => collide(other.forward, forward)))
    return {
      code: 'duplicate-host-port',
      message: `${quoted(entryText)}: an earlier entry already takes port ${hostPort}/${forward.protocol} of the host`,
    };
  return { target: found.target, forward };
}

function parseEntry(entryText: string): Entry | Fault {
  const match = ENTRY.exec(entryText);
  const bad = (message: string): Fault => ({
    code: 'invalid-host-port',
    message: `${quoted(entryText)}: ${message}`,
  });
  if (match === null) return bad(`expected ${FORM}, such as 8080:80 or 0.0.0.0:5353:53/udp`);
  const [, address = DEFAULT_ADDRESS, host = '', port = '', protocol] = match;
  if (!isIpv4(address)) return bad(`${address} is not an IPv4 address`);
  const hostPort = Number(host);
  if (!isPort(hostPort)) return bad(`the port of the host must be 1 to ${MAX_PORT}`);
  if (/^\d+$/.test(port) && !isPort(Number(port)))
    return bad(`the port of the guest must be 1 to ${MAX_PORT}, or a port's name`);
  return {
    text: entryText,
    hostAddress: address,
    hostPort,
    port,
    ...(protocol !== undefined && { protocol: protocol.toLowerCase() === 'udp' ? 'udp' : 'tcp' }),
  };
}

function findPort(
  entry: Entry,
  interfaces: readonly ForwardTarget[],
): { readonly target: number; readonly port: number; readonly protocol: Protocol } | Fault {
  const number = /^\d+$/.test(entry.port) ? Number(entry.port) : undefined;
  const declared = interfaces.flatMap(({ ports }, target) =>
    ports.map((port) => ({ ...port, target })),
  );
  const wanted = entry.protocol ?? (number === undefined ? undefined : 'tcp');
  const named = declared.filter((port) =>
    number === undefined ? port.name === entry.port : port.port === number,
  );
  const match = named.find((port) => wanted === undefined || port.protocol === wanted);
  if (match) return match;
  const free = interfaces.flatMap(({ ports, network }, target) =>
    ports.length === 0 ? [{ target, network }] : [],
  );
  const open = free.find(({ network }) => network === undefined) ?? free[0];
  if (number !== undefined && wanted !== undefined && open !== undefined)
    return { target: open.target, port: number, protocol: wanted };
  return unknownPort(entry, named[0]?.protocol, declared);
}

function unknownPort(
  entry: Entry,
  otherProtocol: Protocol | undefined,
  declared: ForwardTarget['ports'],
): Fault {
  const names = declared.map((port) => port.name).filter((name) => name !== undefined);
  const list = declared
    .map(({ name, port, protocol }) => `${name ?? port}/${protocol}`)
    .slice(0, 10);
  const hint =
    otherProtocol === undefined
      ? didYouMean(entry.port, names) ||
        (list.length > 0 ? `; declared are ${list.join(', ')}` : '')
      : `; it is declared for ${otherProtocol}: write ${entry.port}/${otherProtocol}`;
  const message = `${quoted(entry.text)}: no interface declares the port ${entry.port}${hint}`;
  return { code: 'unknown-port', message };
}

function collide(one: PortForward, other: PortForward): boolean {
  const addresses = [one.hostAddress, other.hostAddress];
  return (
    one.hostPort === other.hostPort &&
    one.protocol === other.protocol &&
    (addresses[0] === addresses[1] || addresses.includes(ANY_ADDRESS))
  );
}

function isPort(port: number): boolean {
  return port >= 1 && port <= MAX_PORT;
}

function isIpv4(address: string): boolean {
  const parts = address.split('.');
  return (
    parts.length === 4 &&
    parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}
