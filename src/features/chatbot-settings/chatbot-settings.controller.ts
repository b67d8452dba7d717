import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NativeHandler } from '../../routing/index.js';
import { answerTwin } from '../php-twin/index.js';
import { DEFAULT_SETTINGS, withDefaults } from './default-settings.js';
import { checkReset, readSettings } from './settings-input.js';
import { SettingsStore } from './settings.store.js';

/** The native twins of `/api/chatbot_settings.php`: each answers as PHP does. `@Res` keeps Nest from answering besides. */
@Controller()
export class ChatbotSettingsController {
  constructor(@Inject(SettingsStore) private readonly settings: SettingsStore) {}

  @NativeHandler('settings.get')
  show(@Req() req: IncomingMessage, @Res() _res: ServerResponse): Promise<void> {
    return answerTwin(req, async (_exchange, access) => ({
      fields: [['data', withDefaults(await this.settings.of(access))]],
    }));
  }

  @NativeHandler('settings.set', { dryRun: { collection: 'settings' } })
  save(@Req() req: IncomingMessage, @Res() _res: ServerResponse): Promise<void> {
    return answerTwin(req, async (exchange, access) => {
      const own = await this.settings.merge(access, readSettings(exchange));
      return {
        fields: [
          ['message', 'Settings saved.'],
          ['data', withDefaults(own)],
        ],
      };
    });
  }

  @NativeHandler('settings.reset', { dryRun: { collection: 'settings' } })
  reset(@Req() req: IncomingMessage, @Res() _res: ServerResponse): Promise<void> {
    return answerTwin(req, async (exchange, access) => {
      checkReset(exchange);
      await this.settings.reset(access);
      return {
        fields: [
          ['message', 'Settings reset.'],
          ['data', DEFAULT_SETTINGS],
        ],
      };
    });
  }
}
