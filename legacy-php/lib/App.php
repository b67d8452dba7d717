<?php

declare(strict_types=1);

namespace Donna;

use Donna\Conversations\ConversationRepository;
use Donna\Conversations\FileConversationRepository;
use Donna\Donna\ChatModel;
use Donna\Donna\FileMemoryRepository;
use Donna\Donna\MemoryRepository;
use Donna\Http\ApiException;
use Donna\Http\ApiResponder;
use Donna\Http\Cors;
use Donna\Http\ErrorCode;
use Donna\Http\RateLimiter;
use Donna\Http\Request;
use Donna\Identity\Access;
use Donna\Identity\Assertion;
use Donna\Identity\FileUserDirectory;
use Donna\Identity\GatewayIdentity;
use Donna\Identity\Session;
use Donna\Identity\SignIn;
use Donna\Identity\User;
use Donna\Identity\UserDirectory;
use Donna\Mail\FileOutbox;
use Donna\Mail\GatewayMail;
use Donna\Mail\Mailer;
use Donna\Mail\Outbox;
use Donna\Marketing\FileMailboxRepository;
use Donna\Marketing\MailboxRepository;
use Donna\Provider\ElevenLabs;
use Donna\Provider\HttpClient;
use Donna\Provider\OpenAi;
use Donna\Provider\Telnyx;
use Donna\Sales\FileSalesRepository;
use Donna\Sales\SalesRepository;
use Donna\Secretary\FileTaskRepository;
use Donna\Secretary\TaskRepository;
use Donna\Settings\FileSettingsRepository;
use Donna\Settings\SettingsRepository;
use Donna\Storage\JsonStore;
use Donna\Storage\KeptDocuments;
use Donna\System\EventRepository;
use Donna\System\FileEventRepository;

/** Puts the parts together for one request. Nothing is made before it is asked for. */
final class App
{
    public readonly ApiResponder $respond;

    private bool $isAssertionRead = false;
    private ?Assertion $assertion = null;
    private ?Session $session = null;
    private ?JsonStore $store = null;

    public function __construct(
        public readonly Environment $env,
        public readonly Request $request,
        public readonly string $traceId,
        public readonly Logger $logger,
    ) {
        $this->respond = new ApiResponder($traceId);
    }

    public function assertion(): ?Assertion
    {
        if (!$this->isAssertionRead) {
            $this->isAssertionRead = true;
            $identity = new GatewayIdentity($this->env->get('GATEWAY_IDENTITY_SECRET'));
            $this->assertion = $identity->verify(
                $this->request->header('x-gateway-identity'),
                $this->request->method,
                $this->request->path(),
                time(),
            );
        }

        return $this->assertion;
    }

    /** The gateway's word, else (it proved nobody, or nobody asked it) PHP's own session. */
    public function user(): ?User
    {
        if ($this->assertion()?->isInternal() === true) {
            return null;
        }

        return $this->assertion()?->user() ?? $this->session()->user();
    }

    /** Is the caller known by nothing but a cookie that a browser sends by itself? Then a write needs the CSRF token. */
    public function isCookieBorne(): bool
    {
        return $this->assertion()?->isInternal() !== true
            && $this->assertion()?->user() === null
            && $this->session()->user() !== null;
    }

    public function refuseOutsiders(): void
    {
        if ($this->env->flag('REQUIRE_GATEWAY', false) && $this->assertion() === null) {
            throw new ApiException(ErrorCode::Forbidden, 'This address answers its gateway only.');
        }
    }

    public function refuseTooMany(): void
    {
        $limiter = $this->rateLimiter();
        if ($limiter === null || $this->assertion()?->isInternal() === true || $this->assertion()?->isAgain === true) {
            return;
        }
        $caller = $this->assertion()?->user()?->id;
        $wait = $limiter->hit(
            $caller === null ? 'address:' . $this->clientNetwork() : 'user:' . $caller,
            $this->env->integer('PHP_RATE_LIMIT', 240, 1, 1_000_000),
            60,
            time(),
        );
        if ($wait > 0) {
            throw new ApiException(ErrorCode::RateLimited, 'Too many requests. Please wait a moment.', ['Retry-After' => (string) $wait]);
        }
    }

    public function require(Access $access): void
    {
        $isGateway = $this->assertion()?->isInternal() === true;
        if ($access === Access::Anyone || ($isGateway && ($access === Access::Gateway || $access === Access::UserOrGateway))) {
            return;
        }
        if ($access === Access::Gateway) {
            throw new ApiException(ErrorCode::Forbidden, 'Only the gateway may ask this.');
        }
        $user = $this->user();
        if ($user === null) {
            throw new ApiException(ErrorCode::Unauthenticated, 'Please sign in.', ['WWW-Authenticate' => 'Session realm="donna"']);
        }
        if ($access === Access::Admin && !$user->has('admin')) {
            throw new ApiException(ErrorCode::Forbidden, 'This needs the role admin.');
        }
    }

    /** @param array<string, mixed> $fields */
    public function refuseWithoutCsrf(array $fields): void
    {
        if ($this->assertion()?->isInternal() === true) {
            return;
        }
        $given = $this->request->header('x-csrf-token');
        if ($given === '' && is_string($fields['csrf_token'] ?? null)) {
            $given = $fields['csrf_token'];
        }
        if (!$this->session()->isCsrfToken($given)) {
            throw new ApiException(ErrorCode::CsrfFailed, 'The form has expired. Please reload the page and try again.');
        }
    }

    /** REMOTE_ADDR; behind the proven gateway the last address it appended to X-Forwarded-For. */
    public function clientAddress(): string
    {
        if ($this->assertion() !== null) {
            $hops = explode(',', $this->request->header('x-forwarded-for'));
            $last = trim(end($hops));
            if (@inet_pton($last) !== false) {
                return $last;
            }
        }

        return $this->request->remoteAddress;
    }

    /** The address as a limit counts it: an IPv6 caller owns its whole /64. */
    private function clientNetwork(): string
    {
        $address = $this->clientAddress();
        $bytes = @inet_pton($address);

        return $bytes !== false && strlen($bytes) === 16 ? bin2hex(substr($bytes, 0, 8)) : $address;
    }

    public function cors(): Cors
    {
        return new Cors($this->env->list('ALLOWED_ORIGINS'));
    }

    public function rateLimiter(): ?RateLimiter
    {
        return $this->env->flag('ENABLE_PHP_RATE_LIMITING', true) ? new RateLimiter($this->env->dataDirectory() . '/rate') : null;
    }

    public function session(): Session
    {
        $isSecure = $this->request->isHttps
            || ($this->assertion() !== null && strtolower($this->request->header('x-forwarded-proto')) === 'https');

        return $this->session ??= new Session($this->env->dataDirectory() . '/sessions', $this->request->cookie(Session::COOKIE), $isSecure, $this->users());
    }

    public function users(): UserDirectory
    {
        return new FileUserDirectory($this->store(), !$this->env->isPublic());
    }

    public function signIn(): SignIn
    {
        return new SignIn(
            $this->users(),
            $this->session(),
            $this->rateLimiter(),
            $this->env->integer('PHP_LOGIN_RATE_LIMIT', 10, 1, 10_000),
            $this->clientNetwork(),
            $this->logger,
        );
    }

    public function store(): JsonStore
    {
        $keepAs = $this->assertion()?->keepAs;
        $directory = $this->env->dataDirectory();

        return $this->store ??= new JsonStore(
            $directory,
            $keepAs === null ? null : new KeptDocuments($directory . KeptDocuments::FOLDER, $keepAs),
            // The gateway's own calls want to know what is stored, not what was seen a moment ago.
            isOfRequest: $this->assertion()?->isInternal() !== true,
        );
    }

    public function conversations(): ConversationRepository
    {
        return new FileConversationRepository($this->store());
    }

    public function settings(): SettingsRepository
    {
        return new FileSettingsRepository($this->store());
    }

    public function mailbox(): MailboxRepository
    {
        return new FileMailboxRepository($this->store());
    }

    public function sales(): SalesRepository
    {
        return new FileSalesRepository($this->store());
    }

    public function tasks(): TaskRepository
    {
        return new FileTaskRepository($this->store());
    }

    public function memory(): MemoryRepository
    {
        return new FileMemoryRepository($this->store());
    }

    public function events(): EventRepository
    {
        return new FileEventRepository($this->store());
    }

    public function outbox(): Outbox
    {
        return new FileOutbox($this->store());
    }

    public function mailer(): Mailer
    {
        return new Mailer(new GatewayMail($this->env), $this->outbox(), $this->traceId, $this->request->header('idempotency-key'), $this->logger);
    }

    public function http(): HttpClient
    {
        return new HttpClient($this->env->flag('DONNA_LOOPBACK_ONLY', false));
    }

    public function openAi(): OpenAi
    {
        return new OpenAi($this->http(), $this->env);
    }

    public function chatModel(): ChatModel
    {
        return $this->openAi();
    }

    public function elevenLabs(): ElevenLabs
    {
        return new ElevenLabs($this->http(), $this->env);
    }

    public function telnyx(): Telnyx
    {
        return new Telnyx($this->http(), $this->env);
    }
}
