import { describe, expect, it } from '@jest/globals';
import { describeStaged, type StagedName } from './describe-staged.js';

const at = (stage: string, ...names: readonly string[]): StagedName[] =>
  names.map((name) => ({ name, stage, weight: stage === 'canary' ? 10 : 0 }));

describe('what is said of the stages at start', () => {
  it('names a family of routes once where all of it stands alike', () => {
    const routes = [...at('canary', 'talks.list', 'talks.add'), ...at('replaced', 'settings.get', 'settings.set')];
    expect(describeStaged(routes)).toBe('talks.* canary 10 %, settings.* replaced');
  });

  it('names routes one by one where their family stands in several stages, and none that PHP answers', () => {
    const routes = [...at('mirror', 'talks.list', 'talks.find'), ...at('proxy', 'talks.add', 'mail.send')];
    expect(describeStaged(routes)).toBe('talks.list + talks.find mirror');
  });

  it('says nothing when PHP answers all', () => {
    expect(describeStaged(at('proxy', 'talks.list', 'talks.add'))).toBe('');
    expect(describeStaged([])).toBe('');
  });
});
