// A gateway on NestJS as the documentation and the tutorials have one build it: Express, a catch-all controller with guards and
// an interceptor, http-proxy-middleware behind it.
import 'reflect-metadata';
import {
  All,
  type CallHandler,
  Controller,
  type ExecutionContext,
  Injectable,
  Module,
  type NestInterceptor,
  Next,
  Req,
  Res,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import helmet from 'helmet';
import { createProxyMiddleware, responseInterceptor } from 'http-proxy-middleware';
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { tap } from 'rxjs';
import { settings } from './settings.mjs';

@Injectable()
class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: settings.secret });
  }

  validate(claims: { sub: string; roles: string[] }) {
    return { id: claims.sub, roles: claims.roles };
  }
}

@Injectable()
class JwtAuthGuard extends AuthGuard('jwt') {}

/** Gives each request its trace id; the answer gets it where http-proxy-middleware hands the body over. */
@Injectable()
class TraceInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const http = context.switchToHttp();
    const traceId = randomUUID();
    http.getRequest().traceId = traceId;
    http.getResponse().setHeader('x-trace-id', traceId);
    return next.handle().pipe(tap());
  }
}

const proxy = createProxyMiddleware({
  target: settings.upstream,
  changeOrigin: true,
  xfwd: true,
  agent: new Agent({ keepAlive: true, maxSockets: 256 }),
  selfHandleResponse: true,
  on: {
    proxyRes: responseInterceptor(async (body, answer, req) => {
      if (!String(answer.headers['content-type']).startsWith('application/json')) return body;
      return JSON.stringify({
        ...JSON.parse(body.toString('utf8')),
        traceId: (req as unknown as { traceId: string }).traceId,
      });
    }),
  },
});

@Controller()
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@UseInterceptors(TraceInterceptor)
class GatewayController {
  @All('{*path}')
  forward(@Req() req: never, @Res() res: never, @Next() next: never) {
    return proxy(req, res, next);
  }
}

@Module({
  imports: [PassportModule, ThrottlerModule.forRoot([{ ttl: 60_000, limit: settings.limit }])],
  controllers: [GatewayController],
  providers: [JwtStrategy],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false, bodyParser: false });
app.use(helmet());
app.enableCors({ origin: [settings.allowedOrigin], credentials: true });
await app.listen(settings.port, settings.host);
