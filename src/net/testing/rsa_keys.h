#pragma once

/// RSA keys for tests, as PEM. None of them opens anything.
namespace mbk::nettest {

/// The key of RFC 7515, appendix A.2.
inline constexpr char kRfc7515Key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n"
    "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n"
    "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n"
    "juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n"
    "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n"
    "toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n"
    "VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n"
    "PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n"
    "O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n"
    "kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n"
    "XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n"
    "4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n"
    "pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n"
    "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n"
    "lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n"
    "kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n"
    "rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n"
    "kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n"
    "5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n"
    "9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n"
    "evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n"
    "yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n"
    "OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n"
    "tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n"
    "ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n"
    "03k2+ZQwVK0JKSHuLFkuQ3U=\n"
    "-----END PRIVATE KEY-----\n";

/// The same, encrypted with a password.
inline constexpr char kEncryptedKey[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIIFNTBfBgkqhkiG9w0BBQ0wUjAxBgkqhkiG9w0BBQwwJAQQ5GSCxCh+lcPft6hO\n"
    "GTwxqQICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEAKhhccqECScg+Gn\n"
    "L+w9ZNIEggTQt9B6YpMWBm0N5kep2VNbZLlLrWxf5zsMgpt1tnXPj2xB4Tp4uE5u\n"
    "3L/G36cVcQasNILg+ZiUwVq2kURX2PDj68OpMlzSXtwsxOS10tcvwrbEoUfEnI3W\n"
    "Nv7GbmzNxcYaLakrOXd6MmEk0WtDv7FcecvZAVeZUs4dcBNBO+KyRO1L+grs9v4/\n"
    "r1wMHZdZ9/C+2t9gTYtjxKeQzTFpm90ThwJZ/V5ZEeLxscP7eGaHYgdiElVszbjm\n"
    "vz78EPrEnZObZLvb4oDc/81//pZIyrToLiyio/Iy9qONDRW7Vuro2K1oFgs0E5Qm\n"
    "g0K34YOhYN+TKRU+aHq3T/cTKc60gNblxQAKYXJij4BsAe/CTpnL3Q4Cx0aHh5nQ\n"
    "vps2dudji6WQv3CCPnLTg9CxZnOwMOVrZ8RT5rPKZEJ3K0jsen663C2OPG79eOOG\n"
    "q3iXBNJpMoybOKDbfXYR1ddUMt+q+RJuky9AhRsO9g/29yrpWjQmtYr11RAN6JgY\n"
    "2Ow2I0Sft0f/ym1vEwPD/zNqxw36hBAFapsMqqalj0/rFJ1JZZ3tWGALVsJCf3NN\n"
    "/kxlcFU3lVuT2tEoFCD0TImioc2LxR6zWqjyi79eYaQ6CpvccQwGO7jF5bMOOlA0\n"
    "Ew8Z7v+SVsRP9l+ZFPYRCAxVQUK30MWgHOCFS7UtMPxHtKCOny0iLB/qZNCAXW4v\n"
    "FruxcSKBOlPvWKLludazNS5Au+SBIsMsM4roY7f6p8I8zFQIBNGJ2ooTb140bKko\n"
    "4pDuYDxEChfyEkbanTrLljchm4kHaGhNehNG7Flqkd8v85vi6WTZ1Xba9EQW6kTE\n"
    "tuvxrW9IbXyAh8u/fuXQbBzj0dtqXFh8NaKLZQXb1Yn2xmgcrAnn9WYnbnA6UP3m\n"
    "/WzGcszJQCAEm43VPEVsA+6l0fuf1FKI6ct+AlN3192ih41tfqYXpdv/Q8T3QLIx\n"
    "5m3iKSfICmCm88d+QyifIeCMAltzAWP2I+/6JOquITj3QKxggcb5yQclyinkTaVy\n"
    "6B5VbBjGv5SyB0fwRjx5fLCgyWr1ZhAeplEaI1alPs88yglmtY/BwHxWIHHGdZA/\n"
    "CwJAdbrY6x0DaCH9SBphQTx4rgsaOQGTna/qFAFldZh8SKeQxMqgPQNSU+afUyK0\n"
    "MGwwrvbVVUvyVCmW5BEU3hinIDfALwzW6HnBF+TbXWRdkBDSsCRUz4mXKgXv01kW\n"
    "0t19lRDc8jtkm07SpUCm/lWyUtAfiGqVu7gmG8WTI4Sz3RVns3nlvRdzrliCby6U\n"
    "f6OH0U/v244sdj+Ug3rjTrgwgakxMREqZrByPmBfC/C5ER7MiS06PTGLzc14fUPr\n"
    "K4HDU5eWZNa9v7o5TpvBLSzSC7Kbj3xeNnQ+Rsg1y5x7RsIh87hmEY/vOiP1wEei\n"
    "vNieW5fC4sBrLY6n+gQGrhwjXZAxUqRAL7t5o0Mcs7yGBY4ePv0cElx+aqjhbXH8\n"
    "1R0dxuW+zjXJR9+fHQh0cLVk88kPkJ8pjNq9B8bbbK5I4gU7i1LL1ljeCIuhHG7h\n"
    "bR9Hg2iYEq3h6S3k0dNA5PanAp0hymDxHSn2ovFk1zPHoV2EIHM4sAGLZyadBDZW\n"
    "STJDhFn7GRaF4EZbQj8pGqzfIPeFMVn+c9Ekfc84/Nbv/jQrEfG1auo=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

/// 1024 bits, too short for RS256.
inline constexpr char kShortKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBALePZDjS53uUnRtZ\n"
    "1+U8/EjWe53cK5fVt7fKpV1MLv7kQy9FF21TQt3jZ7RT6SEen/lkZ30u/0uBPmW8\n"
    "wFOYgmAmBhFNvtF8MoZSAX394r8/jjl7H58/Iy+T66LvoXnPw9pOcGimrKZ6YDdE\n"
    "fGmEbuT9iL0ry1t5l6mCHgjoC8sFAgMBAAECgYBEp50Uo81wq2UXlcLqOqUhmRcj\n"
    "M/YaFBVi6Khw/M2XCEkYpP7eJQYdd7CSAdBwUsQCw0rxx2I1G2H7K13D5obcTL2S\n"
    "Ou46SZIIhNHSxWuYyFcBPWGUaaYNBB/SiwzQd1x4RBHsg3y3JClwbjpW5rkjVUd1\n"
    "ZFzvzJDHtuelLoJlAQJBAOnIstzXv9z6tWnlWr2va7eWvScZgPebkqyIENWQtScg\n"
    "xfJ8MkrxwWRXWyecaRE7b8+gQhevTrOgNex2fdG6P8cCQQDJAOOISsYtdcn74xOi\n"
    "eTGRfmdlCfFg/K6CqNksdBLRm+XmNTV3X2ERA/dFM3/FP2JQN+joeL95F/3dWQvb\n"
    "wPbTAkEAmACRIvv4WIJ9v6uLMzfCbqzIsYpoixWQ6TLS1zjuP9GUQpQz0vybBFW0\n"
    "A+4zdivSCAonzuSB5FKvnN5x8hIJ8wJBAMONqdAfb08rGaeF9MRNRHxYjh8u3TeO\n"
    "nflgbGljRCvJkJG3kpzgnn7/bMJWqCgu0mdY/a+uShp1zPZce70AryECQQDTb4Y+\n"
    "y9154WhM6A1TT40WbiO2N+YEkQMNMiKaAjH/yn0w+J/ScTHRoxtp9MeqKlmfsTOv\n"
    "cra5+VZ/Fm5IEeYS\n"
    "-----END PRIVATE KEY-----\n";

}  // namespace mbk::nettest
