/**
 * Field paths as users write and read them: `spec.template.spec.domain.devices.disks[0].name`.
 */

/** Appends a field name; one that is no plain word goes in brackets, as Kubernetes writes it. */
export function fieldPath(parent: string, name: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return `${parent}[${shortened(name, 120)}]`;
  return parent === '' ? name : `${parent}.${name}`;
}

/** Appends the place in a list, or the `name` of a named item. */
export function itemPath(parent: string, item: number | string): string {
  return `${parent}[${item}]`;
}

/** A user's text as it is quoted in a message: on one line, and not for ever. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text, 80));
}

/** Cuts a user's text for a message. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
