import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';

interface PageProps {
  readonly title: string;
  /** One sentence on what is seen here. */
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page with its heading; the browser's title follows. */
export function Page({ title, lead, actions, children }: PageProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Donna Gateway`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          <h1 id="page-title" tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

interface CardProps {
  readonly title: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly isWide?: boolean;
  readonly children: ComponentChildren;
}

export function Card({ title, note, actions, isWide = false, children }: CardProps): JSX.Element {
  return (
    <section class={isWide ? 'card wide' : 'card'}>
      <header class="card-head">
        <h2>{title}</h2>
        {note !== undefined && <span class="soft">{note}</span>}
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly tone?: 'good' | 'warn' | 'bad' | undefined;
}

interface FiguresProps {
  readonly items: readonly FigureProps[];
  readonly isDense?: boolean;
}

/** Numbers that are read at a glance. */
export function Figures({ items, isDense = false }: FiguresProps): JSX.Element {
  return (
    <dl class={isDense ? 'figures dense' : 'figures'}>
      {items.map(({ label, value, note, tone }) => (
        <div key={label} class={tone === undefined ? 'figure' : `figure tone-${tone}`}>
          <dt>{label}</dt>
          <dd>
            <span class="figure-value">{value}</span>
            {note !== undefined && <span class="figure-note">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Facts by name, one below the other. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
