// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// An ERC-20 that anyone may mint, of which a hundredth of each transfer is burnt on the way.
contract HundredthToken is ERC20("Hundredth", "HND") {
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount / 100;
        if (fee > 0) super._update(from, address(0), fee);
        super._update(from, to, amount - fee);
    }
}

/// An ERC-20 whose transfers may be refused for an account, answer false, or call somebody first.
contract MoodyToken is ERC20("Moody", "MDY") {
    mapping(address account => bool) public isBlocked;
    bool private isFalse;
    address private called;
    bytes private callData;

    error Blocked(address account);

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function block_(address account, bool isOn) external {
        isBlocked[account] = isOn;
    }

    function answerFalse() external {
        isFalse = true;
    }

    /// Once, in the next transfer, before it moves anything; whoever is called says what is refused.
    function callNext(address who, bytes calldata data) external {
        (called, callData) = (who, data);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !isFalse && super.transferFrom(from, to, amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !isFalse && super.transfer(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (isBlocked[from]) revert Blocked(from);
        if (isBlocked[to]) revert Blocked(to);
        if (called != address(0)) {
            address who = called;
            called = address(0);
            (bool isDone, bytes memory answer) = who.call(callData);
            if (!isDone) {
                assembly ("memory-safe") {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
        }
        super._update(from, to, amount);
    }
}

/// An account with code: it accepts whatever signature it was told to accept, and refuses wei until told.
contract CodeAccount {
    bytes32 private acceptedDigest;
    bytes32 private acceptedSignature;
    bool private takesWei;

    error WeiNotWanted();

    function accept(bytes32 digest, bytes calldata signature) external {
        (acceptedDigest, acceptedSignature) = (digest, keccak256(signature));
    }

    function takeWei() external {
        takesWei = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bool isGood = digest == acceptedDigest && keccak256(signature) == acceptedSignature;
        return isGood ? this.isValidSignature.selector : bytes4(0);
    }

    receive() external payable {
        if (!takesWei) revert WeiNotWanted();
    }
}
