import { Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { StageBoard, StageModule } from '../experiment/index.js';
import { ApiDocuments } from './api-documents.js';
import { DocsController } from './docs.controller.js';
import { OpenApiController } from './openapi.controller.js';

@Module({
  imports: [StageModule],
  controllers: [DocsController, OpenApiController],
  providers: [
    {
      provide: ApiDocuments,
      inject: [CONFIG, StageBoard],
      useFactory: ({ version }: GatewayConfig, board: StageBoard) => new ApiDocuments(() => board.all(), version),
    },
  ],
})
export class OpenApiModule {}
