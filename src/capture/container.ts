import type { Probe } from './probe.js'

/** The kind of container that this runs in; `undefined` outside of one. */
export async function detectContainer(probe: Probe): Promise<string | undefined> {
  if (probe.variables.KUBERNETES_SERVICE_HOST) return 'kubernetes'
  const [podman, docker, groups] = await Promise.all([
    probe.exists('/run/.containerenv'),
    probe.exists('/.dockerenv'),
    probe.readText('/proc/self/cgroup', 65_536)
  ])
  if (podman) return 'podman'
  if (docker) return 'docker'
  return containerOfGroups(groups ?? '')
}

const MARKS: readonly (readonly [RegExp, string])[] = [
  [/kubepods/, 'kubernetes'],
  [/libpod/, 'podman'],
  [/\/docker[-/]/, 'docker'],
  [/containerd/, 'containerd'],
  [/\/lxc[./]/, 'lxc']
]

function containerOfGroups(text: string): string | undefined {
  return MARKS.find(([pattern]) => pattern.test(text))?.[1]
}
