/**
 * Objects as JSON or YAML, for programs.
 */

export type DataFormat = 'json' | 'yaml';
export type ListFormat = DataFormat | 'wide' | 'name';

export function isDataFormat(format: string | undefined): format is DataFormat {
  return format === 'json' || format === 'yaml';
}

/** A document that ends in a newline. The YAML library is loaded only when needed. */
export async function renderData(value: unknown, format: DataFormat): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(value, { aliasDuplicateObjects: false });
}

/** One document of a stream: a JSON line, or a YAML document with its separator. */
export async function renderStreamed(value: unknown, format: DataFormat): Promise<string> {
  return format === 'json'
    ? `${JSON.stringify(value)}\n`
    : `---\n${await renderData(value, format)}`;
}
