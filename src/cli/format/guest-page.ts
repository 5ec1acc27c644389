/**
 * What the agent in a guest tells, for people. Pure: objects in, text out.
 */
import type {
  GuestAgentInfo,
  GuestFilesystemView,
  GuestUserView,
} from '../../api/contract-guest.ts';
import type { InterfaceStatus } from '../../api/contract-instance.ts';
import { formatAge, formatInstantAgo, parseTime } from './age.ts';
import { type Fact, renderFacts } from './facts.ts';
import { type Display, PLAIN } from './paint.ts';
import { type Column, indent, indented, renderTable } from './table.ts';

/** What is older than this when it arrives is not what the guest says now. */
const FRESH_MS = 10_000;

export interface GuestTold {
  readonly told: GuestAgentInfo;
  readonly interfaces: readonly InterfaceStatus[];
}

export function guestPage(
  { told, interfaces }: GuestTold,
  now: number,
  display: Display = PLAIN,
): string {
  const { paint } = display;
  const section = <T>(title: string, columns: readonly Column<T>[], rows: readonly T[]): string =>
    rows.length === 0
      ? ''
      : `${paint('title', `${title}:`)}\n${indent(renderTable(columns, rows, now, { display: indented(display) }))}`;
  const sections = [
    renderFacts(headFacts(told), paint),
    section('Interfaces', INTERFACE_COLUMNS, interfaces),
    section('Users', USER_COLUMNS, told.userList ?? []),
    section('File systems', FILESYSTEM_COLUMNS, told.fsInfo?.disks ?? []),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

export function userTable(
  users: readonly GuestUserView[],
  now: number,
  display: Display = PLAIN,
): string {
  return renderTable(USER_COLUMNS, users, now, { display });
}

export function filesystemTable(
  filesystems: readonly GuestFilesystemView[],
  now: number,
  display: Display = PLAIN,
): string {
  return renderTable(FILESYSTEM_COLUMNS, filesystems, now, { display });
}

/** How old it is, if the guest did not answer this time. */
export function staleness(
  { observedAt }: { readonly observedAt: string },
  now: number,
): string | undefined {
  const at = parseTime(observedAt);
  if (at === undefined || now - at < FRESH_MS) return undefined;
  return `the guest agent does not answer; this is what it said ${formatAge(now - at)} ago`;
}

function headFacts(told: GuestAgentInfo): readonly Fact[] {
  const { os = {} } = told;
  const kernel = [os.kernelRelease, os.machine].filter((part) => part !== undefined).join(' ');
  return [
    ['Host name', told.hostname ?? '-'],
    ['System', os.prettyName ?? os.name ?? '-'],
    ['Kernel', kernel === '' ? '-' : kernel],
    ['Time zone', told.timezone ?? '-'],
    ['Agent', told.guestAgentVersion ?? '-'],
    ...(told.fsFreezeStatus === 'frozen'
      ? [['File systems', 'frozen: nothing is written until `solovirt unfreeze`'] as const]
      : []),
  ];
}

const INTERFACE_COLUMNS: readonly Column<InterfaceStatus>[] = [
  { title: 'NAME', cell: ({ name }) => name ?? '-' },
  { title: 'IN THE GUEST', cell: ({ interfaceName }) => interfaceName ?? '-' },
  { title: 'MAC', cell: ({ mac }) => mac ?? '-', drop: 1 },
  { title: 'ADDRESSES', cell: ({ ipAddresses }) => (ipAddresses ?? []).join(', ') },
];

const USER_COLUMNS: readonly Column<GuestUserView>[] = [
  { title: 'USER', cell: ({ userName }) => userName },
  { title: 'DOMAIN', cell: ({ domain }) => domain ?? '-', drop: 1 },
  { title: 'LOGGED IN', cell: ({ loginTime }, now) => loggedIn(loginTime, now) },
];

function loggedIn(seconds: number | undefined, now: number): string {
  if (seconds === undefined) return '-';
  return formatInstantAgo(new Date(seconds * 1000).toISOString(), now);
}

const FILESYSTEM_COLUMNS: readonly Column<GuestFilesystemView>[] = [
  { title: 'MOUNTED AT', cell: ({ mountPoint }) => mountPoint },
  { title: 'TYPE', cell: ({ fileSystemType }) => fileSystemType, drop: 2 },
  { title: 'SIZE', cell: ({ totalBytes }) => (totalBytes === 0 ? '-' : size(totalBytes)) },
  { title: 'USED', cell: ({ usedBytes, totalBytes }) => used(usedBytes, totalBytes) },
  { title: 'DISK', cell: diskCell, drop: 1 },
];

/** Agents of some guests do not tell sizes. */
function used(usedBytes: number, totalBytes: number): string {
  if (totalBytes === 0) return '-';
  return `${size(usedBytes)} (${Math.round((100 * usedBytes) / totalBytes)}%)`;
}

function diskCell({ diskName, disk = [] }: GuestFilesystemView): string {
  const details = disk.map(({ busType, serial }) => (serial ? `${busType} ${serial}` : busType));
  return details.length === 0 ? diskName : `${diskName} (${details.join(', ')})`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Three digits or so: `8.0 GiB`, `512 MiB`. */
function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** power;
  return `${amount.toFixed(amount < 10 && power > 0 ? 1 : 0)} ${UNITS[power]}`;
}
