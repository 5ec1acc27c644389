/**
 * What the names in a layer's archive mean: files, and marks that hide what lower layers have (OCI image-spec
 * layer.md, "Whiteouts"). Pure.
 */

export type LayerName =
  /** Without a leading `/` or `./`; empty for the root. */
  | { readonly kind: 'path'; readonly path: string }
  /** This path of lower layers, and all below it, is gone. */
  | { readonly kind: 'whiteout'; readonly path: string }
  /** All that lower layers have below this directory is gone. */
  | { readonly kind: 'opaque'; readonly path: string }
  /** It leads out of the image. */
  | { readonly kind: 'escape' };

const OPAQUE = '.wh..wh..opq';
const WHITEOUT = '.wh.';

export function readLayerName(name: string): LayerName {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return { kind: 'escape' };
  const last = parts.at(-1) ?? '';
  const parent = parts.slice(0, -1);
  if (last === OPAQUE) return { kind: 'opaque', path: parent.join('/') };
  if (last.startsWith(WHITEOUT))
    return { kind: 'whiteout', path: [...parent, last.slice(WHITEOUT.length)].join('/') };
  return { kind: 'path', path: parts.join('/') };
}

/** Whether one of these marks, all of higher layers, hides a path. */
export function isHidden(path: string, marks: readonly LayerName[]): boolean {
  return marks.some((mark) => hides(mark, path));
}

function hides(mark: LayerName, path: string): boolean {
  switch (mark.kind) {
    case 'whiteout':
      return path === mark.path || path.startsWith(`${mark.path}/`);
    case 'opaque':
      return mark.path === '' || path.startsWith(`${mark.path}/`);
    case 'path':
    case 'escape':
      return false;
  }
}
