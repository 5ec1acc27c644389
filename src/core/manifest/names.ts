/**
 * The rules for names that Kubernetes and KubeVirt enforce.
 */
import { quoted } from './field-path.ts';

/** RFC 1123 label, as k8s.io/apimachinery `IsDNS1123Label` has it. */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NETWORK_NAME = /^[A-Za-z0-9_-]{1,63}$/;
/** The part of the rule that a regular expression can say. */
const PORT_NAME = /^[a-z0-9-]{1,15}$/;

/** For `text`: what the checks below ask for. */
export const DNS_LABEL_PATTERN = { pattern: DNS_LABEL.source };
export const NETWORK_NAME_PATTERN = { pattern: NETWORK_NAME.source };
export const PORT_NAME_PATTERN = { pattern: PORT_NAME.source };

export function isDnsLabel(name: string): boolean {
  return DNS_LABEL.test(name);
}

/** What is wrong with a name, or undefined. */
export function checkDnsLabel(name: string): string | undefined {
  if (isDnsLabel(name)) return undefined;
  const rule =
    'a name has at most 63 lower-case letters, digits and "-", and begins and ends with a letter or digit';
  const fixed = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const hint = isDnsLabel(fixed) ? `; did you mean "${fixed}"?` : '';
  return `${quoted(name)} is not a valid name: ${rule}${hint}`;
}

/** KubeVirt's rule for the names of interfaces and networks. */
export function checkNetworkName(name: string): string | undefined {
  if (NETWORK_NAME.test(name)) return undefined;
  return `${quoted(name)} is not a valid name: at most 63 letters, digits, "-" and "_"`;
}

/** IANA service name (RFC 6335), as k8s.io/apimachinery `IsValidPortName` has it. */
export function checkPortName(name: string): string | undefined {
  const valid = name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
  if (valid) return undefined;
  return `${quoted(name)} is not a valid port name: at most 15 lower-case letters, digits and single "-", with at least one letter`;
}

/** A path inside the image directory or a directory of it: it must not lead out. */
export function checkInnerPath(path: string): string | undefined {
  const parts = path.split('/');
  if (hasControlCharacter(path)) return `${quoted(path)} contains a control character`;
  if (parts.includes('..')) return `${quoted(path)} must not contain ".."`;
  if (path.endsWith('/')) return `${quoted(path)} must name a file, not a directory`;
  return undefined;
}

export function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
