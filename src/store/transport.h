// Transport: one non-blocking stream to the store, plain or TLS. Not thread-safe.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "store/endpoint.h"
#include "store/resolver.h"

namespace chaac {

// What `valkeys://` needs. Shared by all connections of the process; immutable after construction.
class TlsContext {
 public:
  // `ca_file`: PEM certificates to trust; empty: the system's. `server_name`: the name that the
  // store's certificate must have; empty: the endpoint's host. Throws std::runtime_error
  // (start-up).
  TlsContext(const std::string& ca_file, std::string server_name);
  [[nodiscard]] SSL_CTX* get() const { return context_.get(); }
  [[nodiscard]] const std::string& server_name() const { return server_name_; }

 private:
  struct Deleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Deleter> context_;
  std::string server_name_;
};

class Transport {
 public:
  enum class Io : std::uint8_t {
    kProgress,
    kWantRead,   // Nothing to do until the socket is readable,
    kWantWrite,  // or writable.
    kClosed,     // The peer has closed, or the connection failed: see error().
  };

  // Starts connecting. `address` is ignored for unix sockets. Null, with `error` set, when the
  // socket cannot be made. `tls` is needed for Kind::kTls and outlives the transport.
  static std::unique_ptr<Transport> Connect(const Endpoint& endpoint, const SocketAddress& address,
                                            const TlsContext* tls, std::string* error);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Goes on with connecting and the TLS handshake; kProgress when the stream is ready.
  [[nodiscard]] Io Establish();

  // On kProgress, `*count` bytes (at least one) were moved.
  [[nodiscard]] Io Read(char* buffer, std::size_t size, std::size_t* count);
  [[nodiscard]] Io Write(std::string_view bytes, std::size_t* count);

  // The address has accepted the connection; Establish() may still have TLS to do.
  [[nodiscard]] bool IsConnected() const { return connected_; }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  explicit Transport(int fd) : fd_(fd) {}
  [[nodiscard]] Io CloseWith(std::string error);
  [[nodiscard]] Io TlsResult(int result);

  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  const int fd_;
  bool connected_ = false;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  std::string error_;
};

}  // namespace chaac
