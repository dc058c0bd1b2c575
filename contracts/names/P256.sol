// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// ECDSA over the curve P-256 (FIPS 186-5, SEC 2), without any precompile for the curve.
library P256 {
    uint256 internal constant P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff;
    uint256 internal constant N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 private constant B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b;
    uint256 private constant GX = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296;
    uint256 private constant GY = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5;

    /// A point as `(x / z^2, y / z^3)`; the one at infinity has a `z` of zero.
    struct Point {
        uint256 x;
        uint256 y;
        uint256 z;
    }

    function verify(bytes32 digest, uint256 r, uint256 s, uint256 x, uint256 y) internal view returns (bool) {
        if (r == 0 || r >= N || s == 0 || s >= N || !isOnCurve(x, y)) return false;
        uint256 w = power(s, N - 2, N);
        Point memory sum = add(
            multiply(Point(GX, GY, 1), mulmod(uint256(digest), w, N)),
            multiply(Point(x, y, 1), mulmod(r, w, N))
        );
        if (sum.z == 0) return false;
        uint256 inverse = power(sum.z, P - 2, P);
        return mulmod(sum.x, mulmod(inverse, inverse, P), P) % N == r;
    }

    function isOnCurve(uint256 x, uint256 y) private pure returns (bool) {
        if (x >= P || y >= P) return false;
        uint256 cube = mulmod(x, mulmod(x, x, P), P);
        return mulmod(y, y, P) == addmod(addmod(cube, mulmod(P - 3, x, P), P), B, P);
    }

    function multiply(Point memory point, uint256 scalar) private pure returns (Point memory product) {
        for (uint256 bit = 1 << 255; bit > 0; bit >>= 1) {
            product = double(product);
            if (scalar & bit != 0) product = add(product, point);
        }
    }

    function double(Point memory p) private pure returns (Point memory) {
        if (p.z == 0 || p.y == 0) return Point(0, 0, 0);
        uint256 square = mulmod(p.y, p.y, P);
        uint256 s = mulmod(4, mulmod(p.x, square, P), P);
        uint256 zz = mulmod(p.z, p.z, P);
        uint256 m = mulmod(3, mulmod(addmod(p.x, P - zz, P), addmod(p.x, zz, P), P), P);
        uint256 x = addmod(mulmod(m, m, P), P - mulmod(2, s, P), P);
        uint256 y = mulmod(m, addmod(s, P - x, P), P);
        y = addmod(y, P - mulmod(8, mulmod(square, square, P), P), P);
        return Point(x, y, mulmod(2, mulmod(p.y, p.z, P), P));
    }

    function add(Point memory p, Point memory q) private pure returns (Point memory) {
        if (p.z == 0) return q;
        if (q.z == 0) return p;
        (uint256 u1, uint256 s1) = over(p, q.z);
        (uint256 u2, uint256 s2) = over(q, p.z);
        if (u1 == u2) return s1 == s2 ? double(p) : Point(0, 0, 0);
        uint256 h = addmod(u2, P - u1, P);
        (uint256 x, uint256 y) = third(u1, s1, h, addmod(s2, P - s1, P));
        return Point(x, y, mulmod(h, mulmod(p.z, q.z, P), P));
    }

    /// Where the line through `(u, s)` and the point `h` to its right and `r` above it meets
    /// the curve again, mirrored.
    function third(uint256 u, uint256 s, uint256 h, uint256 r) private pure returns (uint256 x, uint256 y) {
        uint256 hh = mulmod(h, h, P);
        uint256 hhh = mulmod(hh, h, P);
        uint256 v = mulmod(u, hh, P);
        x = addmod(mulmod(r, r, P), P - hhh, P);
        x = addmod(x, P - mulmod(2, v, P), P);
        y = mulmod(r, addmod(v, P - x, P), P);
        y = addmod(y, P - mulmod(s, hhh, P), P);
    }

    /// A point's coordinates brought to the denominator of another.
    function over(Point memory p, uint256 z) private pure returns (uint256, uint256) {
        uint256 zz = mulmod(z, z, P);
        return (mulmod(p.x, zz, P), mulmod(p.y, mulmod(zz, z, P), P));
    }

    /// By the precompile for powers (EIP-198).
    function power(uint256 base, uint256 exponent, uint256 modulus) private view returns (uint256 result) {
        (bool done, bytes memory said) = address(5).staticcall(abi.encode(32, 32, 32, base, exponent, modulus));
        require(done && said.length == 32);
        return abi.decode(said, (uint256));
    }
}
