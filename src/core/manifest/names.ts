/**
 * The rules for names that Kubernetes and KubeVirt enforce.
 */
import { quoted } from './field-path.ts';

/** RFC 1123 label, as k8s.io/apimachinery `IsDNS1123Label` has it. */
export const DNS_LABEL = {
  expression: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  rule: 'a name has at most 63 lower-case letters, digits and "-", and begins and ends with a letter or digit',
};

/** RFC 1123 subdomain, as k8s.io/apimachinery `IsDNS1123Subdomain` has it. */
export const DNS_SUBDOMAIN = {
  expression: /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  rule: 'a name has at most 253 lower-case letters, digits, "-" and ".", and each part between dots begins and ends with a letter or digit',
};

/** KubeVirt's rule for the names of interfaces and networks. */
export const NETWORK_NAME = {
  expression: /^[A-Za-z0-9_-]{1,63}$/,
  rule: 'at most 63 letters, digits, "-" and "_"',
};

/** IANA service name (RFC 6335), as far as a regular expression can say it. */
export const PORT_NAME = {
  expression: /^[a-z0-9-]{1,15}$/,
  rule: 'at most 15 lower-case letters, digits and single "-", with at least one letter',
};

export function isDnsLabel(name: string): boolean {
  return DNS_LABEL.expression.test(name);
}

export function isDnsSubdomain(name: string): boolean {
  return DNS_SUBDOMAIN.expression.test(name);
}

/** What is wrong with a name, or undefined. */
export function checkDnsLabel(name: string): string | undefined {
  return isDnsLabel(name) ? undefined : badName(name, /[^a-z0-9]+/g, DNS_LABEL);
}

/** What is wrong with the name of an object that need not be a host's, or undefined. */
export function checkDnsSubdomain(name: string): string | undefined {
  return isDnsSubdomain(name) ? undefined : badName(name, /[^a-z0-9.]+/g, DNS_SUBDOMAIN);
}

function badName(name: string, others: RegExp, { expression, rule }: typeof DNS_LABEL): string {
  const fixed = name.toLowerCase().replaceAll(others, '-').replaceAll(/^-|-$/g, '');
  const hint = expression.test(fixed) ? `; did you mean "${fixed}"?` : '';
  return `${quoted(name)} is not a valid name: ${rule}${hint}`;
}

/** As k8s.io/apimachinery `IsConfigMapKey` has it. */
export function isDataKey(key: string): boolean {
  return /^[-._a-zA-Z0-9]{1,253}$/.test(key) && !/^\.($|\.)/.test(key);
}

export function checkNetworkName(name: string): string | undefined {
  if (NETWORK_NAME.expression.test(name)) return undefined;
  return `${quoted(name)} is not a valid name: ${NETWORK_NAME.rule}`;
}

/** IANA service name (RFC 6335), as k8s.io/apimachinery `IsValidPortName` has it. */
export function checkPortName(name: string): string | undefined {
  const valid = name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
  if (valid) return undefined;
  return `${quoted(name)} is not a valid port name: ${PORT_NAME.rule}`;
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
