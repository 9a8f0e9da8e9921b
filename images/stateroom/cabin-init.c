/* cabin-init: the first process of every container in a cabin.
 *
 * One small static program, mounted read-only into any image, so that what the platform
 * promises inside a cabin does not depend on what is in that image.
 *
 *   cabin-init hold              holds the cabin's namespaces: sleeps until it is told to go.
 *   cabin-init run -- CMD ARG..  waits for the cabin's content, installs it, runs CMD.
 *   cabin-init ask -- CMD ARG..  runs CMD with the content's environment, as `run` does.
 *   cabin-init knock PORT        whether somebody listens there, on the loopback address.
 *
 * The last two are for a service's health check: the engine runs them inside, where any image
 * has them and no firewall stands between.
 *
 * `run` waits, because after a reboot the content is not there yet, and a runtime without its
 * configuration must not start. Content arrives in /run/stateroom (read-only for us), written
 * file by file; `version` is renamed into place last, so whoever sees a version sees all of it.
 *
 * /data belongs to the tenant, who may have put anything there: links that lead out of it,
 * pipes, directories where files are expected. So no path below it is ever resolved by name:
 * each directory is opened from the one above it and links are refused. What cannot be
 * installed is said and left out; a full or hostile /data must not keep the runtime from
 * starting, else its owner could never repair it. Whether it could be installed whole is
 * told by locks on `version`: the kernel takes them back when we end, and a version that is
 * replaced takes its locks with it, so they never speak of anything but what lies there now.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VERSION "cabin-init 1"
#define CONTENT "/run/stateroom"
#define DATA "/data"
#define TEMPORARY ".stateroom-incoming"

enum {
    EXIT_USAGE = 64,
    EXIT_BROKEN = 71, /* the kernel refused something that we cannot do without */
    ENVIRONMENT_MAX = 1 << 20,
    DEPTH_MAX = 16,
    AGAIN_MS = 30000, /* until what could not be installed is tried again */
};

extern char **environ;

/* ---- saying things ------------------------------------------------------------------- */

static unsigned said; /* how often */

static void vsay(const char *format, va_list arguments, int error) {
    said++;
    char text[1024];
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length < 0) return;
    for (char *c = text; *c; c++) /* names come from the tenant: one line is one line */
        if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
    if (error)
        dprintf(STDERR_FILENO, "stateroom: %s: %s\n", text, strerror(error));
    else
        dprintf(STDERR_FILENO, "stateroom: %s\n", text);
}

/* Says what failed and why (errno). Always answers false, for `return failed(...)`. */
static bool failed(const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vsay(format, arguments, error);
    va_end(arguments);
    return false;
}

static void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsay(format, arguments, 0);
    va_end(arguments);
}

static _Noreturn void die(const char *what) {
    failed("%s", what);
    exit(EXIT_BROKEN);
}

/* ---- signals ------------------------------------------------------------------------- */

/* Every signal arrives as something to read, so that one poll() waits for all there is.
 * The ones that a fault of our own raises keep their effect. */
static int open_signals(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
    if (sigprocmask(SIG_SETMASK, &all, before) < 0) die("cannot block signals");
    int fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) die("cannot receive signals");
    return fd;
}

static int next_signal(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/* Answers false when the time is over and nothing came. */
static bool wait_readable(struct pollfd *fds, nfds_t count, int milliseconds) {
    int ready;
    while ((ready = poll(fds, count, milliseconds)) < 0)
        if (errno != EINTR) die("cannot wait");
    return ready > 0;
}

/* Collects everybody who ended: orphans of the whole cabin come to us. Answers true, with
 * the exit status, when our own child was among them. */
static bool reap(pid_t child, int *status) {
    bool ended = false;
    int one;
    pid_t pid;
    while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
        if (pid != child) continue;
        ended = true;
        *status = WIFSIGNALED(one) ? 128 + WTERMSIG(one) : WEXITSTATUS(one);
    }
    return ended;
}

/* ---- hold ---------------------------------------------------------------------------- */

static int hold(void) {
    sigset_t before;
    struct pollfd fd = {.fd = open_signals(&before), .events = POLLIN};
    for (;;) {
        wait_readable(&fd, 1, -1);
        int status, signo;
        while ((signo = next_signal(fd.fd))) {
            if (signo == SIGTERM || signo == SIGINT) return 0;
            if (signo == SIGCHLD) reap(-1, &status);
        }
    }
}

/* ---- the environment ----------------------------------------------------------------- */

/* The whole file, with a NUL behind it; kept for good, because the environment points
 * into it. NULL when there is none. */
static char *read_whole(const char *path, size_t limit, size_t *length) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        if (errno != ENOENT) failed("cannot read %s", path);
        return NULL;
    }
    struct stat info;
    char *text = NULL;
    *length = 0;
    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || (size_t)info.st_size > limit) {
        say("%s is not a file of at most %zu bytes", path, limit);
    } else if ((text = malloc((size_t)info.st_size + 1))) {
        ssize_t got;
        while (*length < (size_t)info.st_size &&
               (got = read(fd, text + *length, (size_t)info.st_size - *length)) > 0)
            *length += (size_t)got;
        text[*length] = 0;
    }
    close(fd);
    return text;
}

/* Adds the platform's variables to ours. A later one wins over an earlier one and over what
 * the image or the container said. */
static void load_environment(void) {
    size_t length;
    char *text = read_whole(CONTENT "/env", ENVIRONMENT_MAX, &length);
    if (!text) return;
    for (char *entry = text; entry < text + length; entry += strlen(entry) + 1) {
        if (!*entry) continue;
        char *equals = strchr(entry, '=');
        if (!equals || equals == entry)
            say("env holds an entry that is not NAME=VALUE"); /* never shown: a secret, maybe */
        else if (putenv(entry))
            failed("cannot set a variable");
    }
}

/* ---- installing files below /data ---------------------------------------------------- */

/* Two open directories, the new content's and the one in /data that it goes to; and the name
 * of what is being looked at, for messages only. */
struct place {
    int from, into;
    char path[1024];
};

static bool same_bytes(int a, int b, off_t size) {
    static char left[8192], right[8192];
    for (off_t at = 0; at < size;) {
        ssize_t got = pread(a, left, sizeof left, at);
        if (got <= 0 || pread(b, right, (size_t)got, at) != got) return false;
        if (memcmp(left, right, (size_t)got)) return false;
        at += got;
    }
    return true;
}

/* Not blocking: a pipe in the file's place must not stop us here for ever. */
static bool is_unchanged(int source, off_t size, int into, const char *name) {
    int fd = openat(into, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    struct stat info;
    bool same = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == size &&
                same_bytes(source, fd, size);
    close(fd);
    return same;
}

static bool copy_bytes(int source, int target) {
    static char buffer[16384];
    for (off_t at = 0;;) {
        ssize_t got = pread(source, buffer, sizeof buffer, at);
        if (got <= 0) return got == 0;
        at += got;
        for (ssize_t done = 0, put; done < got; done += put)
            if ((put = write(target, buffer + done, (size_t)(got - done))) < 0) return false;
    }
}

/* Whole or not at all: written beside its place, then renamed into it. A rename replaces a
 * link itself and never follows it. */
static bool replace_file(int source, const struct place *at, const char *name) {
    unlinkat(at->into, TEMPORARY, 0); /* of an attempt that was killed */
    int fd = openat(at->into, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    if (fd < 0) return failed("cannot write %s", at->path);
    bool whole = copy_bytes(source, fd);
    int error = errno;
    if (close(fd) < 0 && whole) {
        whole = false;
        error = errno;
    }
    if (whole) {
        if (renameat(at->into, TEMPORARY, at->into, name) == 0) return true;
        error = errno;
    }
    unlinkat(at->into, TEMPORARY, 0);
    errno = error;
    return failed("cannot write %s", at->path);
}

/* `at` holds the file's directories and the path of the file itself. */
static void install_file(const struct place *at, const char *name) {
    int source = openat(at->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat info;
    if (source < 0 || fstat(source, &info) < 0)
        failed("cannot read the new %s", at->path);
    else if (S_ISREG(info.st_mode) && !is_unchanged(source, info.st_size, at->into, name))
        replace_file(source, at, name);
    if (source >= 0) close(source);
}

static int open_directory(int into, const char *name) {
    const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(into, name, how);
    if (fd < 0 && errno == ENOENT && mkdirat(into, name, 0700) == 0)
        fd = openat(into, name, how);
    return fd;
}

static void install_all(struct place *at, int depth);

static void install_entry(const struct place *at, const char *name, int depth) {
    struct place below = *at;
    int length = snprintf(below.path, sizeof below.path, "%s/%s", at->path, name);
    if (length < 0 || (size_t)length >= sizeof below.path || depth > DEPTH_MAX) {
        say("%s is too deep: left out", at->path);
        return;
    }
    int from = openat(at->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0) {
        install_file(&below, name);
        return;
    }
    int into = open_directory(at->into, name);
    if (into < 0) {
        failed("cannot enter %s", below.path);
        close(from);
        return;
    }
    below.from = from;
    below.into = into;
    install_all(&below, depth);
    close(into);
}

/* Takes over `at->from` and closes it. */
static void install_all(struct place *at, int depth) {
    DIR *entries = fdopendir(at->from);
    if (!entries) {
        failed("cannot list the new %s", at->path);
        close(at->from);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            install_entry(at, entry->d_name, depth + 1);
    closedir(entries);
}

static void install_into_data(void) {
    struct place top = {.path = DATA};
    top.from = open(CONTENT "/install", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top.from < 0) {
        if (errno != ENOENT) failed("cannot read %s", CONTENT "/install");
        return;
    }
    top.into = open(DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top.into < 0) {
        failed("cannot install into %s", DATA);
        close(top.from);
        return;
    }
    install_all(&top, 0);
    close(top.into);
}

/* What we tell the platform by read locks on the first two bytes of `version`. */
enum { SEEN, INSTALLED };

/* The lock belongs to the open file and not to the process, so closing another one of the same
 * name does not drop it. */
static void tell(int version, off_t what) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = what, .l_len = 1};
    if (fcntl(version, F_OFD_SETLK, &lock) < 0) failed("cannot lock " CONTENT "/version");
}

/* Answers whether all of it lies in /data now. That is told on the `version` that was there
 * *before* we began: if it is still there, so was everything that it names. */
static bool install(void) {
    static int told = -1;
    int version = open(CONTENT "/version", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    unsigned before = said;
    if (version >= 0) tell(version, SEEN);
    install_into_data();
    bool whole = said == before;
    if (version < 0) return true; /* being replaced: we are called again when it is */
    if (whole) tell(version, INSTALLED);
    if (told >= 0) close(told);
    told = version;
    return whole;
}

/* ---- watching for new content -------------------------------------------------------- */

static int open_watch(void) {
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0) die("cannot watch for content");
    if (inotify_add_watch(fd, CONTENT, IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE) < 0)
        die("cannot watch " CONTENT);
    return fd;
}

/* True when `version` was put in place since the last call, or when the kernel had to drop
 * notices: looking once too often is harmless. */
static bool content_moved(int fd) {
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool moved = false;
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0) {
        const struct inotify_event *event;
        for (char *at = buffer; at < buffer + got; at += sizeof *event + event->len) {
            event = (const struct inotify_event *)at;
            if (event->mask & IN_Q_OVERFLOW) moved = true;
            if ((event->mask & (IN_MOVED_TO | IN_CLOSE_WRITE)) && event->len &&
                !strcmp(event->name, "version"))
                moved = true;
        }
    }
    return moved;
}

/* ---- run ----------------------------------------------------------------------------- */

static bool is_last_wish(int signo) {
    return signo == SIGTERM || signo == SIGINT || signo == SIGQUIT || signo == SIGHUP;
}

/* Returns when there is content; ends the program when it is told to go meanwhile. */
static void wait_for_content(struct pollfd *fds) {
    while (access(CONTENT "/version", F_OK) < 0) {
        wait_readable(fds, 2, -1);
        for (int signo, status; (signo = next_signal(fds[0].fd));) {
            if (is_last_wish(signo)) exit(128 + signo);
            if (signo == SIGCHLD) reap(-1, &status);
        }
        content_moved(fds[1].fd);
    }
}

/* In a process group of its own, so that a signal to our group does not reach it twice. */
static pid_t start(char **command, const sigset_t *mask) {
    pid_t child = fork();
    if (child < 0) die("cannot start the command");
    if (child > 0) return child;
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(command[0], command);
    int error = errno;
    failed("cannot run %s", command[0]);
    _exit(error == ENOENT ? 127 : 126);
}

static int run(char **command) {
    sigset_t before;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans come to us, also where we are not pid 1 */
    struct pollfd fds[2] = {{.fd = open_signals(&before), .events = POLLIN},
                            {.fd = open_watch(), .events = POLLIN}};
    wait_for_content(fds);
    load_environment();
    bool whole = install();
    pid_t child = start(command, &before);
    for (;;) {
        bool again = !wait_readable(fds, 2, whole ? -1 : AGAIN_MS);
        for (int signo, status; (signo = next_signal(fds[0].fd));) {
            if (signo == SIGCHLD) {
                if (reap(child, &status)) return status;
            } else if (signo != SIGPIPE) { /* that one was for us: our stderr is gone */
                kill(child, signo);
            }
        }
        if (content_moved(fds[1].fd) || again) whole = install();
    }
}

/* ---- health checks ------------------------------------------------------------------- */

static int ask(char **command) {
    load_environment();
    execvp(command[0], command);
    failed("cannot run %s", command[0]);
    return 1;
}

static int knock(const char *port) {
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)number),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (*end || number == 0 || number > 65535) return EXIT_USAGE;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("cannot open a socket");
    if (connect(fd, (struct sockaddr *)&there, sizeof there) < 0) {
        failed("nobody answers on port %lu", number);
        return 1;
    }
    return 0;
}

int main(int count, char **words) {
    if (count == 2 && !strcmp(words[1], "--version")) return puts(VERSION) < 0;
    if (count == 2 && !strcmp(words[1], "hold")) return hold();
    if (count > 3 && !strcmp(words[1], "run") && !strcmp(words[2], "--")) return run(words + 3);
    if (count > 3 && !strcmp(words[1], "ask") && !strcmp(words[2], "--")) return ask(words + 3);
    if (count == 3 && !strcmp(words[1], "knock")) return knock(words[2]);
    say("usage: cabin-init hold | run|ask -- COMMAND [ARGUMENT...] | knock PORT | --version");
    return EXIT_USAGE;
}
