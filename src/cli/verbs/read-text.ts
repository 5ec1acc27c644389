/** A text that the daemon serves, whole. */
import type { Client } from '../../client/client.ts';

/** @throws ApiError when refused */
export async function readText(client: Client, path: string): Promise<string> {
  let text = '';
  for await (const chunk of await client.stream(path, { endless: false })) text += chunk;
  return text;
}
