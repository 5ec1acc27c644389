/** What the manifest of a container image says of its layers (OCI image-spec manifest.md, Docker's schema 2). Pure. */

export type ParsedManifest =
  /** Digests without `sha256:`, the lowest layer first. */
  | { readonly ok: true; readonly layers: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** No image that holds a disk comes near that. */
const MOST_LAYERS = 1000;

export function parseOciManifest(text: string): ParsedManifest {
  const manifest = parseJson(text);
  if (!isMap(manifest)) return wrong('its manifest is not JSON');
  const { layers } = manifest;
  if (!Array.isArray(layers))
    return wrong('its manifest has no list of layers, so it is no image of OCI or Docker schema 2');
  if (layers.length > MOST_LAYERS)
    return wrong(`it has ${layers.length} layers; ${MOST_LAYERS} are looked through at most`);
  const digests = layers.map(digestOf);
  const bad = digests.indexOf(undefined);
  if (bad !== -1) return wrong(`layer ${bad + 1} of its manifest has no digest of sha256`);
  return { ok: true, layers: digests.filter((digest) => digest !== undefined) };
}

/** How many bytes its layers have together; undefined for what is not the manifest of one image. */
export function layerBytes(text: string): number | undefined {
  const manifest = parseJson(text);
  const layers = isMap(manifest) ? manifest['layers'] : undefined;
  if (!Array.isArray(layers)) return undefined;
  const sizes = layers.map((layer: unknown) => (isMap(layer) ? Number(layer['size']) : Number.NaN));
  const sum = sizes.reduce((all, size) => all + size, 0);
  return Number.isSafeInteger(sum) ? sum : undefined;
}

function wrong(message: string): ParsedManifest {
  return { ok: false, message };
}

function digestOf(layer: unknown): string | undefined {
  if (!isMap(layer) || typeof layer['digest'] !== 'string') return undefined;
  return /^sha256:([0-9a-f]{64})$/.exec(layer['digest'])?.[1];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
