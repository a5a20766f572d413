// Sockets and OpenSSL behind one non-blocking face.
#include "store/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace chaac {
namespace {

std::string ErrnoText(int error) { return std::system_category().message(error); }

std::string TlsErrorText() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return reason == nullptr ? "TLS failed" : std::string("TLS: ") + reason;
}

// SSL_set_tlsext_host_name() without its old-style cast; OpenSSL copies the name.
long SetServerName(SSL* ssl, const std::string& host) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str()));
}

// The socket's address of a unix endpoint. False when the path is too long for the kernel.
bool UnixAddress(const std::string& path, SocketAddress* out) {
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) return false;
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  std::memcpy(&out->storage, &address, sizeof(address));
  out->length = sizeof(address);
  return true;
}

}  // namespace

TlsContext::TlsContext(const std::string& ca_file, std::string server_name)
    : context_(SSL_CTX_new(TLS_client_method())), server_name_(std::move(server_name)) {
  if (context_ == nullptr) throw std::runtime_error("TLS cannot be initialised: " + TlsErrorText());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context_.get())
                         : SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) {
    throw std::runtime_error("certificates cannot be read from " + ca_file + ": " + TlsErrorText());
  }
}

std::unique_ptr<Transport> Transport::Connect(const Endpoint& endpoint,
                                              const SocketAddress& resolved, const TlsContext* tls,
                                              std::string* error) {
  SocketAddress address = resolved;
  if (endpoint.kind == Endpoint::Kind::kUnix && !UnixAddress(endpoint.path, &address)) {
    *error = "the path of the unix socket is too long";
    return nullptr;
  }
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = ErrnoText(errno);
    return nullptr;
  }
  std::unique_ptr<Transport> transport(new Transport(fd));
  if (endpoint.kind != Endpoint::Kind::kUnix) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  // sockaddr is the kernel's own type-punned interface.
  const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(fd, generic, address.length) != 0 && errno != EINPROGRESS) {
    *error = ErrnoText(errno);
    return nullptr;
  }
  if (endpoint.kind == Endpoint::Kind::kTls) {
    transport->ssl_.reset(SSL_new(tls->get()));
    SSL* ssl = transport->ssl_.get();
    const std::string& name = tls->server_name().empty() ? endpoint.host : tls->server_name();
    if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1 || SetServerName(ssl, name) != 1 ||
        SSL_set1_host(ssl, name.c_str()) != 1) {
      *error = TlsErrorText();
      return nullptr;
    }
    SSL_set_connect_state(ssl);
  }
  return transport;
}

Transport::~Transport() { close(fd_); }

Transport::Io Transport::CloseWith(std::string error) {
  error_ = std::move(error);
  return Io::kClosed;
}

Transport::Io Transport::TlsResult(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Io::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Io::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return CloseWith("closed by the store");
    case SSL_ERROR_SYSCALL:
      return CloseWith(errno == 0 ? "closed by the store" : ErrnoText(errno));
    default:
      return CloseWith(TlsErrorText());
  }
}

Transport::Io Transport::Establish() {
  if (!connected_) {
    int error = 0;
    socklen_t length = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return CloseWith(ErrnoText(error));
    sockaddr_storage peer{};
    socklen_t peer_length = sizeof(peer);
    if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &peer_length) != 0) {
      return errno == ENOTCONN ? Io::kWantWrite : CloseWith(ErrnoText(errno));
    }
    connected_ = true;
  }
  if (ssl_ == nullptr) return Io::kProgress;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Io::kProgress : TlsResult(result);
}

Transport::Io Transport::Read(char* buffer, std::size_t size, std::size_t* count) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer, size, count);
    return result == 1 ? Io::kProgress : TlsResult(result);
  }
  const ssize_t received = recv(fd_, buffer, size, 0);
  if (received > 0) {
    *count = static_cast<std::size_t>(received);
    return Io::kProgress;
  }
  if (received == 0) return CloseWith("closed by the store");
  if (errno == EAGAIN || errno == EINTR) return Io::kWantRead;
  return CloseWith(ErrnoText(errno));
}

Transport::Io Transport::Write(std::string_view bytes, std::size_t* count) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), count);
    return result == 1 ? Io::kProgress : TlsResult(result);
  }
  const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    *count = static_cast<std::size_t>(sent);
    return Io::kProgress;
  }
  if (errno == EAGAIN || errno == EINTR) return Io::kWantWrite;
  return CloseWith(ErrnoText(errno));
}

}  // namespace chaac
