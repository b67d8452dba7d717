import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const PROJECT = resolve(import.meta.dirname, '../..');

/** What the specs read of a service in compose.yaml. */
export interface ComposeService {
  readonly image?: string;
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
  readonly networks: { readonly front: { readonly ipv4_address: string } };
  readonly deploy: { readonly resources: { readonly limits: unknown } };
}

interface Probe {
  readonly httpGet: { readonly path: string };
}

/** What the specs read of the gateway's container and pod. */
export interface PodContainer {
  readonly ports: unknown;
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } };
  }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly securityContext: unknown;
}

interface Manifest {
  readonly kind: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A file of the project as text; the path starts at its folder. */
export function read(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

export function composeServices(): Readonly<Record<string, ComposeService>> {
  return (parse(read('compose.yaml'), { merge: true }) as { services: Record<string, ComposeService> }).services;
}

/** All objects of the Kubernetes manifests, as the files say them. */
export function manifests(): readonly Manifest[] {
  const { resources } = parse(read('deploy/kubernetes/kustomization.yaml')) as { resources: string[] };
  return resources.flatMap((file) =>
    parseAllDocuments(read(`deploy/kubernetes/${file}`)).map((document) => document.toJS() as Manifest),
  );
}

export function deploymentPod(): {
  readonly pod: { readonly terminationGracePeriodSeconds: number };
  readonly container: PodContainer;
} {
  const deployment = manifests().find(({ kind }) => kind === 'Deployment') as unknown as {
    spec: { template: { spec: { terminationGracePeriodSeconds: number; containers: [PodContainer] } } };
  };
  const pod = deployment.spec.template.spec;
  return { pod, container: pod.containers[0] };
}

/** The Dockerfile's `ARG NAME=value`. */
export function dockerfileArguments(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...read('Dockerfile').matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** What the Dockerfile copies of the project, not of other stages. */
export function copiedSources(): readonly string[] {
  return [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = '']) =>
    words.split(/\s+/).slice(0, -1),
  );
}

/** Whether Docker's builder gets a file: by .dockerignore's last rule that matches it or a folder above it. */
export function isSentToBuilder(path: string): boolean {
  let isSent = true;
  for (const line of read('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const isException = line.startsWith('!');
    if (ruleOf(isException ? line.slice(1) : line).test(path)) isSent = isException;
  }
  return isSent;
}

/** A leading double star stands for any folders or none, a single one for what is no slash. */
function ruleOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('**/', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('\0', '(?:.*/)?');
  return new RegExp(`^${source}(?:/.*)?$`);
}

/** Lends a folder of secrets for the shipped settings, made as the README says. */
export function withSecrets<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'donna-secrets-'));
  try {
    execFileSync('sh', [join(PROJECT, 'deploy/compose/make-secrets.sh'), join(folder, 'secrets')], { stdio: 'pipe' });
    return use(join(folder, 'secrets'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
