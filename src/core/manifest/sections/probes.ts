/**
 * `readinessProbe` and `livenessProbe` (KubeVirt `Probe`). Rules beyond the single fields are those of KubeVirt's webhook:
 * one check each, over the network only where there is one.
 */
import type { ProbeCheck, ProbeSpec } from '../../model/probe.ts';
import { quoted } from '../field-path.ts';
import {
  type Found,
  integer,
  list,
  oneOf,
  type Read,
  telling,
  text,
  type ValueOf,
} from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';

const MAX_SECONDS = 2 ** 31 - 1;
const CHECKS = ['exec', 'httpGet', 'tcpSocket', 'guestAgentPing'] as const;
const DEFAULTS = { initialDelay: 0, period: 10, timeout: 1, success: 1, failure: 3 };

const NUMBER = integer(1, 65_535);

/** KubeVirt also takes the name of a port. */
const PORT: Read<number> = telling(
  { kind: 'integer', least: 1, most: 65_535 },
  (node, spot, report) => {
    const isName = node.kind === 'scalar' && /^[a-z0-9-]*[a-z][a-z0-9-]*$/.test(String(node.value));
    if (!isName) return NUMBER(node, spot, report);
    const message = `${quoted(node.source)}: a port by its name is not supported by this version of solovirt; write its number`;
    report.error('unsupported-value', spot, message);
    return undefined;
  },
);

const HTTP_HEADER = object({
  type: 'HTTPHeader',
  fields: { name: text(checkHeaderName), value: text(checkHeaderValue, { mayBeEmpty: true }) },
  required: ['name', 'value'],
});

export const PROBE = object({
  type: 'Probe',
  fields: {
    exec: object({
      type: 'ExecAction',
      fields: { command: list(text(checkArgument, { mayBeEmpty: true })) },
      required: ['command'],
    }),
    httpGet: object({
      type: 'HTTPGetAction',
      fields: {
        port: PORT,
        path: text(checkUrlPath),
        scheme: oneOf(['HTTP', 'HTTPS']),
        httpHeaders: list(HTTP_HEADER),
      },
      required: ['port'],
    }),
    tcpSocket: object({ type: 'TCPSocketAction', fields: { port: PORT }, required: ['port'] }),
    guestAgentPing: object({ type: 'GuestAgentPing', fields: {} }),
    initialDelaySeconds: integer(0, MAX_SECONDS),
    periodSeconds: integer(1, MAX_SECONDS),
    timeoutSeconds: integer(1, MAX_SECONDS),
    successThreshold: integer(1, MAX_SECONDS),
    failureThreshold: integer(1, MAX_SECONDS),
  },
  marks: ['guestAgentPing'],
});

type ProbeFields = Found<ValueOf<typeof PROBE>>;

export interface ProbesFound {
  readonly readiness: ProbeFields | undefined;
  readonly liveness: ProbeFields | undefined;
}

/** @param circumstances what else the VM has that a probe depends on */
export function resolveProbes(
  { readiness, liveness }: ProbesFound,
  circumstances: { readonly networked: boolean; readonly startPaused: boolean },
  report: Report,
): { readonly readinessProbe?: ProbeSpec; readonly livenessProbe?: ProbeSpec } {
  const { networked, startPaused } = circumstances;
  const readinessProbe = readiness && resolveProbe(readiness, networked, report);
  const livenessProbe = liveness && resolveProbe(liveness, networked, report);
  const threshold = liveness?.value.get.successThreshold;
  if (threshold !== undefined && threshold.value !== 1)
    report.error('invalid-value', threshold, 'must be 1 for a liveness probe');
  if (liveness !== undefined && startPaused)
    report.error(
      'mutually-exclusive',
      { path: liveness.path, offset: liveness.keyOffset },
      'a liveness probe cannot be combined with startStrategy Paused',
    );
  return { ...(readinessProbe && { readinessProbe }), ...(livenessProbe && { livenessProbe }) };
}

function resolveProbe(
  probe: ProbeFields,
  networked: boolean,
  report: Report,
): ProbeSpec | undefined {
  const { present, get } = probe.value;
  const [first, second] = CHECKS.filter((name) => present.has(name));
  if (first === undefined) {
    const place = { path: probe.path, offset: probe.keyOffset };
    report.error('required', place, `a probe needs one of ${CHECKS.join(', ')}`);
    return undefined;
  }
  if (second !== undefined) {
    const at = get[second] ?? probe;
    const message = `a probe has one check, and ${first} is there already`;
    report.error('mutually-exclusive', { path: at.path, offset: at.keyOffset }, message);
    return undefined;
  }
  const check = resolveCheck(probe, report);
  if (check === undefined) return undefined;
  if ((first === 'httpGet' || first === 'tcpSocket') && !networked) {
    const at = get[first] ?? probe;
    const message = `${first} needs a network interface in masquerade mode, and the VM has none`;
    report.error('invalid-value', { path: at.path, offset: at.keyOffset }, message);
    return undefined;
  }
  return {
    check,
    initialDelaySeconds: get.initialDelaySeconds?.value ?? DEFAULTS.initialDelay,
    periodSeconds: get.periodSeconds?.value ?? DEFAULTS.period,
    timeoutSeconds: get.timeoutSeconds?.value ?? DEFAULTS.timeout,
    successThreshold: get.successThreshold?.value ?? DEFAULTS.success,
    failureThreshold: get.failureThreshold?.value ?? DEFAULTS.failure,
  };
}

function resolveCheck({ value: { get } }: ProbeFields, report: Report): ProbeCheck | undefined {
  const { exec, httpGet, tcpSocket, guestAgentPing } = get;
  if (guestAgentPing !== undefined) return { kind: 'guestAgentPing' };
  if (exec !== undefined) {
    const { command } = exec.value.get;
    const [program] = command?.value ?? [];
    if (command !== undefined && (program === undefined || program.value === ''))
      report.error('required', program ?? command, 'the first item is the program to run');
    return { kind: 'exec', command: command?.value.map(({ value }) => value) ?? [] };
  }
  if (tcpSocket !== undefined) {
    const { port } = tcpSocket.value.get;
    return port && { kind: 'tcpSocket', port: port.value };
  }
  const { port, path, scheme, httpHeaders } = httpGet?.value.get ?? {};
  if (port === undefined) return undefined;
  const written = path?.value ?? '/';
  const headers = httpHeaders?.value ?? [];
  return {
    kind: 'httpGet',
    port: port.value,
    path: written.startsWith('/') ? written : `/${written}`,
    https: scheme?.value === 'HTTPS',
    headers: headers.flatMap(({ value: { get: header } }) =>
      header.name && header.value ? [[header.name.value, header.value.value] as const] : [],
    ),
  };
}

function checkArgument(argument: string): string | undefined {
  return argument.includes('\0') ? 'must not contain a NUL character' : undefined;
}

function checkUrlPath(path: string): string | undefined {
  if (/^[\x21-\x22\x24-\x7e]*$/.test(path)) return undefined;
  return `${quoted(path)} is no path of a URL: letters, digits and signs without spaces and #, anything else as %XX`;
}

function checkHeaderName(name: string): string | undefined {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return undefined;
  return `${quoted(name)} is no name of an HTTP header`;
}

function checkHeaderValue(value: string): string | undefined {
  if (/^[\t\x20-\x7e]*$/.test(value)) return undefined;
  return `${quoted(value)} is no value of an HTTP header: only printable ASCII`;
}
