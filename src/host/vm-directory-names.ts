/**
 * Which names in the VM directory are manifests. Pure.
 */

/**
 * True for `*.yaml` and `*.yml` that no editor made for itself. Hidden names cover vim's swap files (`.x.swp`),
 * Emacs' locks (`.#x.yaml`) and our own staged writes; a leading `#` Emacs' autosaves; the suffix the rest
 * (`x.yaml~`, `x.yaml.swp`, `#x.yaml#`, vim's `4913`, `x.yaml___jb_tmp___`, write-file-atomic's `x.yaml.123`).
 */
export function isManifestName(name: string): boolean {
  return /^[^.#].*\.ya?ml$/s.test(name);
}
