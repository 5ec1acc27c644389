/**
 * Where things are when nobody says otherwise: the FHS for root, the XDG base directories for everybody else.
 */

export interface DefaultPaths {
  readonly configFile: string;
  readonly vms: string;
  readonly images: string;
  readonly registryAuth: string;
  readonly state: string;
  readonly runtime: string;
}

interface User {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  readonly home: string;
}

export function defaultPaths(user: User): DefaultPaths {
  if (user.isRoot) {
    return {
      configFile: '/etc/solovirt/solovirt.yaml',
      vms: '/etc/solovirt/vms',
      images: '/var/lib/solovirt/images',
      registryAuth: '/etc/solovirt/registry-auth.json',
      state: '/var/lib/solovirt',
      runtime: '/run/solovirt',
    };
  }
  const home = withoutSlash(user.home);
  const config = xdg(user, 'XDG_CONFIG_HOME') ?? `${home}/.config`;
  const data = xdg(user, 'XDG_DATA_HOME') ?? `${home}/.local/share`;
  const state = xdg(user, 'XDG_STATE_HOME') ?? `${home}/.local/state`;
  const runtime = xdg(user, 'XDG_RUNTIME_DIR');
  return {
    configFile: `${config}/solovirt/solovirt.yaml`,
    vms: `${config}/solovirt/vms`,
    images: `${data}/solovirt/images`,
    registryAuth: `${config}/solovirt/registry-auth.json`,
    state: `${state}/solovirt`,
    // Without a session there is no XDG_RUNTIME_DIR; sockets in the state directory work as well.
    runtime: runtime === undefined ? `${state}/solovirt/run` : `${runtime}/solovirt`,
  };
}

/** The XDG specification has relative values ignored. */
function xdg(user: User, name: string): string | undefined {
  const value = user.env[name];
  return value?.startsWith('/') ? withoutSlash(value) || '/' : undefined;
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
